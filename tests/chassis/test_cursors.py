"""Cursors: each is for its own list, order and filters only; none that was changed or made up does harm."""

from __future__ import annotations

import base64
import random

import orjson
import pytest

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis.errors import Invalid
from chassis.http import cursors, paging
from services.things import items, service
from tests.callers import page_query
from tests.chassis import seam
from tests.chassis.rows import FILL, SORTS
from tests.chassis.seam import told


def read(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refuses(page, after, sort=None):
    with pytest.raises(Invalid) as refused:
        page(sort, after)
    return list(refused.value.faults) == ["?after"]


def test_a_cursor_of_another_order_is_refused(fill, page):
    fill(1, 30)
    cursors = {sort: page(sort, limit=10)["next"] for sort in SORTS}
    for sort in SORTS:
        for other, cursor in cursors.items():
            assert (other == sort) or refuses(page, cursor, sort), (other, sort)


def test_a_cursor_of_another_list_is_refused_also_where_both_are_in_the_order_of_a_name(tx, fill, page):
    fill(1, 30)
    asked = page_query(service.ThingQuery, limit=10, after=page(limit=10)["next"])
    with pytest.raises(Invalid):
        paging.fetch(tx, service.queries.list_things, asked, service.ThingQuery)


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_other_filters_is_refused(fill, page, sort):
    fill(1, 30)
    asked = {region: page(sort, limit=10, region=region) for region in (None, "01")}
    for region, other in ((None, "01"), ("01", None), ("01", "12")):
        with pytest.raises(Invalid) as refused:
            page(sort, asked[region]["next"], region=other)
        assert list(refused.value.faults) == ["?after"]
        assert page(sort, asked[region]["next"], region=region)["items"]


def test_a_cursor_is_for_its_order_and_filters_and_for_any_number_of_items(platform, live_things):
    live_things.ask(FILL, first=1, last=30)
    path = "/items?region=01&sort=rank"
    after = seam.send(platform, "GET", f"{path}&limit=10").json()["next"]
    assert len(seam.send(platform, "GET", f"{path}&limit=20&after={after}").json()["items"]) == 20
    for other in ("/items?sort=rank", "/items?region=12&sort=rank", "/items?region=01&sort=-rank"):
        answer = seam.send(platform, "GET", f"{other}&after={after}")
        assert told(answer) == (422, "invalid")
        assert answer.json()["errors"] == [{"pointer": "?after", "detail": cursors.NOT_OURS}]


@pytest.mark.parametrize("lasting", [None, ""])
def test_a_filter_of_a_later_release_spoils_no_cursor_unless_it_is_used(lasting):
    before = cursors.listed(items.ItemQuery, {"region": "01"})
    assert (cursors.listed(items.ItemQuery, {"region": "01", "new": lasting}) == before) == (lasting is None)


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_which_one_character_is_different_is_refused(fill, page, sort):
    fill(1, 30)
    cursor = page(sort, limit=10)["next"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    chance = random.Random(sort)  # noqa: S311
    for position in range(len(cursor)):
        for other in chance.sample(alphabet.replace(cursor[position], ""), 4):
            tampered = cursor[:position] + other + cursor[position + 1 :]
            assert read(tampered) == read(cursor) or refuses(page, tampered, sort), tampered


NONE = [
    "x",
    "%",
    "å",
    "!!!!",
    "bnVsbA",
    "MQ",
    "e30",
    "W10",
    "W251bGxd",
    "WyJhIl0",
    "W251bGwsbnVsbF0",
    "A" * 12,
]


@pytest.mark.parametrize("after", NONE)
def test_a_cursor_that_is_none_is_refused_over_http_too(platform, live_things, after):
    answer = seam.send(platform, "GET", f"/items?after={after}")
    assert (told(answer), answer.json()["errors"][0]["pointer"]) == ((422, "invalid"), "?after")


FORGED = {
    "": [None, [], ["a", "b"], [True], [None], [{"a": 1}], [["a"]], ["a\0b"], ["\ud7ff" * 10]],
    "rank": [
        ["x", "a"],
        [1.5, "a"],
        [2**31, "a"],
        [2**63, "a"],
        [1e300, "a"],
        ["", "a"],
        [True, "a"],
        [1, None],
    ],
    "weight": [["NaN!", "a"], ["1e400000", "a"], [[], "a"]],
    "made_at": [["yesterday-ish", "a"], [5, "a"], ["99999999-01-01", "a"]],
}


@pytest.mark.parametrize(
    ("sort", "place"), [(s or None, place) for s, all_ in FORGED.items() for place in all_]
)
def test_a_cursor_that_somebody_made_up_never_makes_the_service_fail(platform, live_things, sort, place):
    """Whoever reads the code can forge one; it names a place of the order, or it is refused."""
    raw = orjson.dumps(None if place is None else [sort, *place])
    after = written(cursors.mark(cursors.listed(items.ItemQuery, {}), raw) + raw)
    answer = seam.send(platform, "GET", f"/items?after={after}" + (f"&sort={sort}" if sort else ""))
    assert answer.status_code in {200, 422}
    assert answer.ok or answer.json()["errors"][0]["pointer"] == "?after"


def test_a_cursor_too_long_to_be_one_is_refused(platform, live_things):
    assert told(seam.send(platform, "GET", f"/items?after={'A' * 2001}")) == (422, "invalid")
