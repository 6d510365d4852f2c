"""Lists page by page: nothing is missed or repeated while others write; each page costs what page 1 costs."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from psycopg2.extras import NamedTupleCursor

from tests.chassis import seam
from tests.chassis.rows import FILL, SORTS
from tests.chassis.seam import told


def walk(page, sort, limit, between=lambda: None):
    """All items, page by page; `between` happens after each page."""
    found, after = [], None
    while True:
        got = page(sort, after, limit)
        assert len(got["items"]) <= limit
        found += got["items"]
        after = got["next"]
        if after is None:
            return found
        assert len(got["items"]) == limit
        between()


def in_order(tx, sort):
    """The same items as PostgreSQL sorts all of them at once."""
    column = (sort or "name").removeprefix("-")
    way = "DESC" if (sort or "").startswith("-") else "ASC"
    with tx.cursor() as cursor:
        cursor.execute(f"SELECT * FROM item ORDER BY {column} {way}, name {way}")  # noqa: S608
        return cursor.fetchall()


@pytest.mark.parametrize("limit", [1, 7, 10, 95, 96, 500])
@pytest.mark.parametrize("sort", SORTS)
def test_in_every_order_the_pages_are_the_list_also_where_values_are_equal(tx, fill, page, sort, limit):
    fill(1, 95)
    assert walk(page, sort, limit) == in_order(tx, sort)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sort", SORTS)
def test_while_others_write_what_was_there_throughout_comes_exactly_once(tx, fill, page, sort, seed):
    fill(100, 299)
    chance = random.Random(f"{sort} {seed}")  # noqa: S311  a spread, not a secret
    everything = [row.name for row in in_order(tx, sort)]
    removed, numbers = set(), iter([*chance.sample(range(1, 100), 90), *range(300, 400)])

    def between():
        """Somebody removes two, and adds three before, after and among the others."""
        gone = chance.sample(everything, 2)
        removed.update(gone)
        with tx.cursor() as cursor:
            cursor.execute("DELETE FROM item WHERE name = ANY(%s)", [gone])
            for number in (next(numbers) for _ in range(3)):
                cursor.execute(FILL, {"first": number, "last": number})

    seen = [row.name for row in walk(page, sort, 10, between)]
    stayed = [name for name in everything if name not in removed]
    assert removed
    assert len(seen) == len(set(seen))
    assert [name for name in seen if name in set(stayed)] == stayed


def test_the_item_after_which_a_page_begins_may_be_gone(tx, fill, page):
    fill(1, 30)
    first = page("rank", limit=15)
    with tx.cursor() as cursor:
        cursor.execute("DELETE FROM item WHERE name = %s", [first["items"][-1].name])
    assert first["items"][:-1] + walk(partial(after_first, page, first["next"]), "rank", 15) == in_order(
        tx, "rank"
    )


def after_first(page, start, sort, after, limit):
    return page(sort, after or start, limit)


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1", 200), ("500", 200)]
    + [(text, 422) for text in ("0", "501", "-1", "x", "", "1e2", "9" * 20, "1.5")],
)
def test_a_page_has_1_to_500_items(platform, live_things, limit, status):
    answer = seam.send(platform, "GET", f"/items?limit={limit}")
    assert answer.status_code == status
    if status == 422:
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["?limit"]


@pytest.mark.parametrize(
    "sort", ["weight,rank", "version", "", "--rank", "-", "rank; DROP TABLE item", "Rank"]
)
def test_a_sort_that_there_is_not_is_refused_and_those_that_there_are_are_named(platform, live_things, sort):
    answer = seam.send(platform, "GET", f"/items?sort={sort}")
    assert told(answer) == (422, "invalid")
    [fault] = answer.json()["errors"]
    assert fault["pointer"] == "?sort"
    assert "Must be one of: rank, -rank, weight, -weight" in fault["detail"]


def test_following_the_link_header_leads_through_the_whole_list_with_its_filters(platform, live_things):
    live_things.ask(FILL, first=1, last=50)
    live_things.ask("UPDATE item SET region = '12' WHERE rank %% 2 = 0", x=None)
    path, found, pages = "/items?region=12&sort=-note&limit=10", [], 0
    while path:
        answer = seam.send(platform, "GET", path)
        found += answer.json()["items"]
        pages += 1
        link = answer.links.get("next", {}).get("url", "")
        assert bool(link) == bool(answer.json()["next"])
        if link:
            asked = parse_qs(urlsplit(link).query)
            assert urlsplit(link).path == "/api/v1/things/items"
            assert asked == {
                "region": ["12"],
                "sort": ["-note"],
                "limit": ["10"],
                "after": [answer.json()["next"]],
            }
        path = link.removeprefix("/api/v1/things")
    assert (len(found), pages) == (29, 3)
    assert {row["region"] for row in found} == {"12"}
    assert [row["note"] for row in found] == live_things.ask(
        "SELECT note FROM item WHERE region = '12' ORDER BY note DESC, name DESC"
    )


class Spying(NamedTupleCursor):
    """Keeps what was executed last."""

    last = b""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        result = super().execute(*args, **kwargs)
        Spying.last = self.query
        return result


def cost(tx, ask) -> tuple[int, set[str]]:
    """Return how many blocks a page reads, and which kinds of steps its plan has."""
    tx.cursor_factory = Spying
    ask()
    with tx.cursor(cursor_factory=psycopg2.extensions.cursor) as cursor:
        cursor.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + Spying.last)
        [[[explained]]] = cursor.fetchall()
    plan = explained["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], kinds(plan)


def kinds(plan) -> set[str]:
    return {plan["Node Type"]}.union(*(kinds(below) for below in plan.get("Plans", [])))


@pytest.mark.parametrize(
    "sort", [None, *(pytest.param(each, marks=pytest.mark.slow) for each in ("rank", "-rank"))]
)
def test_page_1000_of_100_000_rows_costs_what_page_1_costs(tx, fill, page, sort):
    fill(1, 100_000)
    with tx.cursor() as cursor:
        cursor.execute("ANALYZE item")
    first, steps = cost(tx, lambda: page(sort))
    after = None
    for _ in range(999):
        after = page(sort, after)["next"]
    assert page(sort, after)["next"] is None  # this is the last page
    last, last_steps = cost(tx, lambda: page(sort, after))
    assert steps == last_steps == {"Limit", "Index Scan"}
    assert last <= first + 10, (first, last)
    without_index, its_steps = cost(tx, lambda: page("weight"))
    assert without_index > 10 * last  # the measure can tell
    assert "Sort" in its_steps


def test_pages_are_never_two_of_one_item(tx, fill, page):
    fill(1, 40)
    rows = walk(page, "-rank", 9)
    assert all((a.rank, a.name) > (b.rank, b.name) for a, b in pairwise(rows))
