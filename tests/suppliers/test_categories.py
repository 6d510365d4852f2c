"""Categories: who answers for them, what is below them, their analysis by version, the years of priority."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from marshmallow import ValidationError

from chassis import clock
from chassis.errors import Invalid, NotFound, PreconditionFailed
from chassis.http import Expectation
from chassis.http.reading import pointers
from chassis.loading import loader
from services.suppliers import repository, schemas, usecases
from tests.callers import OFFICE, WHATEVER, caller, page_query
from tests.suppliers.bodies import GLOVES, loaded, register, supplier

if TYPE_CHECKING:
    from chassis.db import Transaction

BARE = [{"likelihood": 1, "severity": 1, "valid_until": "2099-12-31"}] * 4
DECISION = {"decided_by": "Styrgruppen", "decided_on": date(2025, 11, 18), "note": None}


def put(tx: Transaction, category_id: str, expects: Any = WHATEVER, **changes: Any) -> Any:
    body = GLOVES | {"responsible_area": None, "prioritised_years": []} | changes
    return usecases.categories.put_category(tx, category_id, loaded(schemas.NewCategory, body), expects)


def told(emitted: Any, tx: Transaction) -> list[tuple[str, str | None, int]]:
    return [(e["subject"], e["data"]["responsible_area"], e["version"]) for e in emitted(tx)]


def shown(tx: Transaction, category_id: str) -> dict[str, Any]:
    return usecases.categories.get_category(tx, category_id)


# -- areas


@pytest.fixture
def tree(tx: Transaction) -> None:
    """Forbrukning > handskar > operationshandskar, and visir beside the gloves, with an area of its own."""
    put(tx, "forbrukning", responsible_area="F")
    put(tx, "handskar", parent_id="forbrukning")
    put(tx, "operationshandskar", parent_id="handskar")
    put(tx, "visir", parent_id="forbrukning", responsible_area="C")


def areas(tx: Transaction) -> dict[str, tuple[str | None, str | None, int]]:
    rows = usecases.categories.list_categories(tx, page_query(schemas.CategoryQuery))["items"]
    return {row.category_id: (row.responsible_area, row.effective_area, row.version) for row in rows}


@pytest.mark.usefixtures("tree")
def test_a_category_without_an_area_has_that_of_the_nearest_above(tx: Transaction, emitted: Any) -> None:
    assert areas(tx) == {
        "forbrukning": ("F", "F", 1),
        "handskar": (None, "F", 1),
        "operationshandskar": (None, "F", 1),
        "visir": ("C", "C", 1),
    }
    assert [event[:2] for event in told(emitted, tx)] == [
        ("forbrukning", "F"),
        ("handskar", "F"),
        ("operationshandskar", "F"),
        ("visir", "C"),
    ]


@pytest.mark.usefixtures("tree")
def test_a_change_of_area_is_told_of_every_category_that_it_reaches_and_of_no_other(
    tx: Transaction, emitted: Any
) -> None:
    put(tx, "forbrukning", responsible_area="A")
    assert areas(tx) == {
        "forbrukning": ("A", "A", 2),
        "handskar": (None, "A", 2),
        "operationshandskar": (None, "A", 2),
        "visir": ("C", "C", 1),
    }
    assert told(emitted, tx)[4:] == [
        ("forbrukning", "A", 2),
        ("handskar", "A", 2),
        ("operationshandskar", "A", 2),
    ]
    put(tx, "handskar", parent_id="forbrukning", responsible_area="B")
    put(tx, "forbrukning")
    assert {name: area for name, (_, area, _) in areas(tx).items()} == {
        "forbrukning": None,  # the national office
        "handskar": "B",
        "operationshandskar": "B",
        "visir": "C",
    }
    put(tx, "handskar", parent_id="visir")
    assert areas(tx)["operationshandskar"][1] == "C"


@pytest.mark.usefixtures("tree")
def test_a_change_of_names_above_tells_nothing_of_what_is_below(tx: Transaction, emitted: Any) -> None:
    put(tx, "forbrukning", responsible_area="F", names={"sv": "Förbrukning", "en": "Consumables"})
    assert told(emitted, tx)[4:] == [("forbrukning", "F", 2)]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("parent", ["forbrukning", "handskar", "operationshandskar", "nothing"])
def test_a_category_is_not_put_below_itself_nor_below_nothing(tx: Transaction, parent: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(tx, "forbrukning", parent_id=parent)
    assert list(refused.value.faults) == ["/parent_id"]


@pytest.mark.usefixtures("tree")
def test_who_answers_in_effect_reaches_the_suppliers_and_cases(tx: Transaction) -> None:
    kept = register(tx, supplier(), caller("area_coordinator", area="F"))  # of gloves
    supplier_id = kept["supplier_id"]
    key = (supplier_id, "handskar")
    for area in ("F", "A"):
        put(tx, "forbrukning", responsible_area=area)
        coordinator = caller("area_coordinator", area=area)
        standing = repository.registry.standings_of_suppliers(tx, [supplier_id])[supplier_id]
        assert standing.owners["area"] == {area}
        assert repository.scores.owners_of_cases(tx, [key])[key]["area"] == [area]
        assert len(usecases.risk.get_risk(tx, supplier_id, coordinator)["cases"]) == 1
        history = page_query(schemas.HistoryQuery)
        assert usecases.risk.get_risk_history(tx, supplier_id, history, coordinator)["items"]
    assert usecases.risk.get_risk(tx, supplier_id, caller("area_coordinator", area="F"))["cases"] == []


@pytest.mark.usefixtures("tree")
def test_what_was_told_is_told_again_by_a_resync(tx: Transaction, emitted: Any) -> None:
    events = usecases.categories.present_categories(tx, None, 10)
    assert [event.data for event in events] == [event["data"] for event in emitted(tx)]


@pytest.mark.usefixtures("tree")
def test_categories_are_listed_by_place_area_and_year(tx: Transaction) -> None:
    put(tx, "visir", parent_id="forbrukning", responsible_area="C", prioritised_years=[2026])

    def listed(**asked: Any) -> list[str]:
        page = usecases.categories.list_categories(tx, page_query(schemas.CategoryQuery, **asked))
        return [row.category_id for row in page["items"]]

    assert listed(parent_id="forbrukning") == ["handskar", "visir"]
    assert listed(area="F") == ["forbrukning", "handskar", "operationshandskar"]
    assert listed(prioritised_year=2026) == ["visir"]


def test_a_category_that_the_release_before_writes_has_its_area_too(tx: Transaction) -> None:
    with tx.cursor() as cursor:
        cursor.execute(
            "INSERT INTO category (category_id, names, responsible_area, prioritised_years, cpv_prefixes,"
            " analysis) VALUES ('ny', '{}', 'D', '{2026}', '{}', '[null, null, null, null]')"
        )
    assert (shown(tx, "ny")["effective_area"], shown(tx, "ny")["analysis"]) == ("D", [None] * 4)


# -- analyses


def versions(tx: Transaction, category_id: str = "handskar") -> list[Any]:
    query = page_query(schemas.AnalysisQuery)
    return list(usecases.categories.list_analyses(tx, category_id, query)["items"])


def test_every_version_of_an_analysis_is_kept_with_who_and_when(tx: Transaction, emitted: Any) -> None:
    tx.actor = OFFICE
    put(tx, "handskar", analysis=BARE)
    reasoned = [BARE[0] | {"reasons": "Fältstudie", "sources": ["https://a.example", "Rapport 7"]}, *BARE[1:]]
    put(tx, "handskar", analysis=reasoned)
    put(tx, "handskar", analysis=reasoned, names={"sv": "Skyddshandskar", "en": "Gloves"})
    put(tx, "handskar", analysis=[*reasoned[:3], None])

    kept = versions(tx)
    nothing = {"reasons": None, "sources": []}
    plain = [entry | nothing for entry in BARE]
    assert [row.analysis for row in kept] == [
        plain,
        [reasoned[0], *plain[1:]],
        [reasoned[0], *plain[1:3], None],
    ]
    assert [row.version for row in kept] == [1, 2, 3]
    assert {row.changed_by for row in kept} == {OFFICE.subject}
    assert all(abs((clock.now() - row.changed_at).total_seconds()) < 60 for row in kept)
    now = shown(tx, "handskar")
    assert (now["analysis_version"], now["version"], now["analysis"]) == (3, 4, kept[2].analysis)
    # what others hear, and what scores are computed with, has no reasons
    assert emitted(tx)[-1]["data"]["analysis"] == [*BARE[:3], None]
    [kept_now] = repository.categories.analyses(tx, ["handskar"])
    assert (kept_now.analysis, kept_now.analysis_version) == ([*BARE[:3], None], 3)


def test_an_analysis_that_is_put_again_is_no_new_version(tx: Transaction) -> None:
    first = put(tx, "handskar")
    assert put(tx, "handskar") == first
    assert [row.version for row in versions(tx)] == [1]
    with pytest.raises(NotFound):
        versions(tx, "nothing")


def test_every_wrong_reason_and_source_is_named() -> None:
    wrong = [
        BARE[0] | {"reasons": " ", "sources": ["a", "a"]},
        BARE[1] | {"reasons": "x" * 4001, "sources": ["x" * 501]},
        BARE[2] | {"sources": [f"s{n}" for n in range(21)], "colour": "red"},
        BARE[3] | {"sources": None},
    ]
    with pytest.raises(ValidationError) as refused:
        loader(schemas.NewCategory).load(GLOVES | {"analysis": wrong, "parent_id": "Å"})  # type: ignore[arg-type]
    assert sorted(pointers(refused.value.messages)) == [
        "/analysis/0/reasons",
        "/analysis/0/sources",
        "/analysis/1/reasons",
        "/analysis/1/sources/0",
        "/analysis/2/colour",
        "/analysis/2/sources",
        "/analysis/3/sources",
        "/parent_id",
    ]


def waves(tx: Transaction) -> list[tuple[str, str, str | None]]:
    with tx.cursor() as cursor:
        cursor.execute("SELECT kind, about, category_id FROM wave ORDER BY begun_at")
        return [tuple(row) for row in cursor.fetchall()]


def test_another_likelihood_severity_or_last_day_scores_the_categorys_cases_again(tx: Transaction) -> None:
    before = waves(tx)
    put(tx, "handskar", analysis=BARE)
    put(tx, "handskar", analysis=[BARE[0] | {"reasons": "Fältstudie"}, *BARE[1:]])
    put(tx, "handskar", analysis=BARE, names={"sv": "Skyddshandskar", "en": "Gloves"})
    assert waves(tx) == before  # a new one has no cases yet, and reasons are no numbers
    put(tx, "handskar", analysis=[BARE[0] | {"severity": 2}, *BARE[1:]])
    assert waves(tx)[len(before) :] == [("analysis", "handskar/4", "handskar")]


# -- priorities


def years(tx: Transaction) -> list[tuple[Any, ...]]:
    page = usecases.categories.list_priorities(tx, "handskar", page_query(schemas.PriorityQuery))
    return [(row.year, row.version, row.decided_by, row.decided_on) for row in page["items"]]


def test_a_year_of_priority_says_who_decided_it_and_is_told(tx: Transaction, emitted: Any) -> None:
    put(tx, "handskar")
    made = usecases.categories.put_priority(tx, "handskar", 2027, DECISION, WHATEVER)
    assert made == {"category_id": "handskar", "year": 2027, "version": 1, **DECISION}
    assert usecases.categories.put_priority(tx, "handskar", 2027, DECISION, WHATEVER) == made
    usecases.categories.put_priority(tx, "handskar", 2026, DECISION, WHATEVER)
    assert [event["data"]["prioritised_years"] for event in emitted(tx)] == [[], [2027], [2026, 2027]]
    assert (shown(tx, "handskar")["prioritised_years"], shown(tx, "handskar")["version"]) == ([2026, 2027], 3)

    again = DECISION | {"note": "Protokoll, punkt 7."}
    changed = usecases.categories.put_priority(tx, "handskar", 2027, again, Expectation(frozenset({1})))
    assert (changed["version"], shown(tx, "handskar")["version"]) == (2, 3)  # the years are the same
    for stale in (Expectation(frozenset({1})), Expectation(absent=True)):
        with pytest.raises(PreconditionFailed):
            usecases.categories.put_priority(tx, "handskar", 2027, DECISION, stale)
        with pytest.raises(PreconditionFailed):
            usecases.categories.drop_priority(tx, "handskar", 2027, stale)
    usecases.categories.drop_priority(tx, "handskar", 2027, Expectation(frozenset({2})))
    assert shown(tx, "handskar")["prioritised_years"] == [2026]
    with pytest.raises(NotFound):
        usecases.categories.get_priority(tx, "handskar", 2027)
    with pytest.raises(NotFound):
        usecases.categories.drop_priority(tx, "handskar", 2027, WHATEVER)
    with pytest.raises(NotFound):
        usecases.categories.put_priority(tx, "nothing", 2027, DECISION, WHATEVER)


def test_years_in_a_categorys_body_are_decided_by_who_writes_it(tx: Transaction) -> None:
    put(tx, "handskar", prioritised_years=[2026])
    usecases.categories.put_priority(tx, "handskar", 2027, DECISION, WHATEVER)
    tx.actor = OFFICE
    put(tx, "handskar", prioritised_years=[2028, 2027])
    assert years(tx) == [
        (2027, 1, "Styrgruppen", date(2025, 11, 18)),
        (2028, 1, "national_office", clock.now().date()),
    ]
    assert shown(tx, "handskar")["prioritised_years"] == [2027, 2028]


def test_years_that_a_categorys_body_leaves_out_stay(tx: Transaction) -> None:
    put(tx, "handskar", prioritised_years=[2026])
    body = {name: value for name, value in GLOVES.items() if name != "prioritised_years"}
    changed = usecases.categories.put_category(
        tx, "handskar", loaded(schemas.NewCategory, body | {"cpv_prefixes": []}), WHATEVER
    )
    assert (changed["prioritised_years"], changed["version"]) == ([2026], 2)
