"""What the parts of an address mean: asked where nothing has them, and then served as if it stood there."""

from __future__ import annotations

from functools import partial

import pytest

from tests.chassis import seam
from tests.chassis.seam import told
from tests.tokens import OURS

ABSENT = {"If-None-Match": "*"}
STOCKHOLM, SCANIA = (OURS.bearer("region", region=code) for code in ("01", "12"))


@pytest.fixture
def send(platform, live_things):
    return partial(seam.send, platform)


def test_a_name_that_nothing_has_is_served_as_what_it_means(send):
    made = send("PUT", "/items/a", {"note": "first"}, ABSENT)
    assert made.status_code == 201
    read = send("GET", "/items/once-a")
    assert (read.json(), read.headers["ETag"]) == (made.json(), '"1-internal"')
    assert send("DELETE", "/items/once-a", None, {"If-Match": '"1-internal"'}).status_code == 204
    assert told(send("GET", "/items/once-a")) == (404, "not-found")


def test_what_has_the_name_comes_first(send):
    send("PUT", "/items/a", {"note": "new"}, ABSENT)
    send("PUT", "/items/once-a", {"note": "old"}, ABSENT)
    assert send("GET", "/items/once-a").json()["note"] == "old"


def test_what_is_meant_and_is_others_looks_like_what_is_not_there(send):
    send("PUT", "/items/a", {"note": "x", "region": "01"}, ABSENT)
    assert send("GET", "/owned/once-a", None, STOCKHOLM).status_code == 200
    theirs, absent = (send("GET", f"/owned/{name}", None, SCANIA) for name in ("once-a", "once-b"))
    assert (theirs.status_code, theirs.content) == (absent.status_code, absent.content)
    assert theirs.status_code == 404
