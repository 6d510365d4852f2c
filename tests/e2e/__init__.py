"""The whole platform: four processes, a real broker, real databases and a real mail server."""

import pytest

pytest.register_assert_rewrite("tests.e2e.outcome", "tests.e2e.people", "tests.e2e.scene")
