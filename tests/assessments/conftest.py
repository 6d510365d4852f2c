"""A known supplier, an invited case, and its respondent's session."""

from __future__ import annotations

from functools import partial

import pytest

from tests.assessments.steps import launch, listed, register, session


@pytest.fixture
def supplier(tx, received):
    """Make suppliers known in the test's own transaction."""
    return partial(register, tx, received)


@pytest.fixture
def case(tx, supplier):
    """One invited case."""
    supplier_id, _ = supplier("gloves")
    campaign_id = launch(tx, (supplier_id, "gloves"))["campaign_id"]
    return listed(tx, campaign_id=campaign_id)["items"][0]


@pytest.fixture
def token(tx, case):
    """A session of the case's respondent."""
    return session(tx, case)["token"]
