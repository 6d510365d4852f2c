"""The figures of a year: what they count, and that they stay as they were published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import clock
from chassis.errors import Conflict, NotFound
from services.suppliers import rulebook, schemas, usecases
from services.suppliers.domain import figures
from services.suppliers.usecases.editing import Writer
from tests.callers import OFFICE, WHATEVER, caller, page_query
from tests.suppliers.bodies import GLOVES, NOW, SUPPLIER, loaded, put_gloves, register, supplier
from tests.suppliers.parts import by, contract, only_contract
from tests.suppliers.steps import LATER, assess, registered

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction

NEXT_YEAR = datetime(2027, 2, 1, 9, tzinfo=UTC)
NONE = dict.fromkeys(("very_low", "low", "medium", "high", "very_high", "no_data"), 0)


def read(
    tx: Transaction, year: int = 2026, now: datetime = LATER, actor: Identity = OFFICE
) -> dict[str, Any]:
    return usecases.figures.get_figures(tx, year, actor, now)


def numbers(told: dict[str, Any]) -> dict[str, int]:
    return {each["id"]: each["value"] for each in told["figures"]}


def test_a_year_in_sweden_begins_an_hour_before_it_does_in_utc() -> None:
    span = figures.span_of(2026, NOW)
    assert span is not None
    assert (span.since, span.until, span.over) == (datetime(2025, 12, 31, 23, tzinfo=UTC), NOW, False)
    whole = figures.span_of(2026, NEXT_YEAR)
    assert whole is not None
    assert (whole.until, str(whole.last_day), whole.over) == (
        datetime(2026, 12, 31, 23, tzinfo=UTC),
        "2026-12-31",
        True,
    )
    assert figures.span_of(2027, datetime(2026, 12, 31, 22, 59, tzinfo=UTC)) is None


def test_what_is_there_and_what_was_done_is_counted(tx: Transaction, received: Any) -> None:
    gloves = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(gloves, received)], LATER - timedelta(minutes=1))
    unknown = GLOVES | {"analysis": [None] * 4, "prioritised_years": []}
    usecases.categories.put_category(tx, "garn", loaded(schemas.NewCategory, unknown), WHATEVER)
    [contract] = SUPPLIER["contracts"]
    yarn = contract | {"category_id": "garn", "starts_on": "2027-01-01"}
    register(tx, supplier(contracts=[yarn], sites=[]))
    told = read(tx)
    assert (told["state"], told["as_of"], told["published_at"]) == ("live", LATER, None)
    assert numbers(told) | {"risk_analyses": 0} == {
        "suppliers": 2,
        "suppliers_registered": 2,
        "contracts_running": 1,
        "risk_analyses": 0,
        "categories_prioritised": 1,
        "cases_scored": 2,
        "scores": 3,
        "follow_ups": 0,
        "suppliers_selected": 0,
    }
    assert told["suppliers_by_band"] == NONE | {"medium": 1, "no_data": 1}
    assert [
        (each["category_id"], each["cases"], each["prioritised"], each["by_band"])
        for each in told["categories"]
    ] == [("garn", 1, False, NONE | {"no_data": 1}), ("handskar", 1, True, NONE | {"medium": 1})]
    # before the assessment: by the score that it had then
    earlier = figures.span_of(2026, NOW + timedelta(minutes=1))
    assert earlier is not None


def test_a_past_year_is_told_as_it_ended(tx: Transaction, received: Any) -> None:
    gloves = registered(tx)
    later = datetime(2027, 1, 15, tzinfo=UTC)
    usecases.scoring.rescore_after_assessment(tx, [assess(gloves, received)], later)
    assert read(tx, 2026, NEXT_YEAR)["suppliers_by_band"] == NONE | {"high": 1}
    assert read(tx, 2027, NEXT_YEAR)["suppliers_by_band"] == NONE | {"medium": 1}
    assert numbers(read(tx, 2027, NEXT_YEAR))["suppliers_registered"] == 0
    assert read(tx, 2025, NEXT_YEAR)["suppliers_by_band"] == NONE
    with pytest.raises(NotFound):
        read(tx, 2028, NEXT_YEAR)


def test_what_is_published_stays_and_anybody_may_read_it(tx: Transaction) -> None:
    registered(tx)
    with pytest.raises(NotFound):
        usecases.figures.get_published(tx, 2026)
    with pytest.raises(Conflict):
        usecases.figures.publish_figures(tx, 2026, OFFICE, NOW)
    told = usecases.figures.publish_figures(tx, 2026, OFFICE, NEXT_YEAR)
    assert (told["state"], told["published_at"], told["published_by"]) == (
        "published",
        NEXT_YEAR,
        OFFICE.subject,
    )
    assert told["as_of"] == datetime(2026, 12, 31, 23, tzinfo=UTC)
    put_gloves(tx, prioritised_years=[])
    registered(tx)
    assert read(tx, 2026, NEXT_YEAR) == usecases.figures.get_published(tx, 2026) == told
    assert "published_by" not in schemas.figures.PublishedFigures().dump(told)
    with pytest.raises(Conflict):
        usecases.figures.publish_figures(tx, 2026, OFFICE, NEXT_YEAR)


def test_the_bands_of_few_cases_are_not_published(tx: Transaction) -> None:
    for _ in range(4):
        registered(tx)
    assert rulebook.figure_rules()["least_cases"] == 5
    live = read(tx, 2026, NEXT_YEAR)
    assert live["categories"][0]["by_band"] == NONE | {"high": 4}
    [few] = figures.publishable(live, 5)["categories"]
    assert (few["cases"], few["by_band"]) == (4, None)
    [enough] = figures.publishable(live, 4)["categories"]
    assert enough["by_band"] == NONE | {"high": 4}


@pytest.mark.parametrize(
    "actor",
    [caller("region", region="01"), caller("client", region="01"), caller("area_coordinator", area="F")],
)
def test_the_bands_of_few_cases_are_the_offices_before_they_are_published(
    tx: Transaction, actor: Identity
) -> None:
    for _ in range(4):
        registered(tx)
    assert [each["by_band"] for each in read(tx, actor=actor)["categories"]] == [None]
    registered(tx)
    assert [each["by_band"] for each in read(tx, actor=actor)["categories"]] == [NONE | {"high": 5}]


def test_a_case_whose_last_contract_is_gone_is_left_out_from_then_on(tx: Transaction) -> None:
    supplier_id = registered(tx)
    usecases.contracts.remove_contract(
        tx, only_contract(tx, supplier_id), "fel", Writer(OFFICE, NEXT_YEAR, WHATEVER)
    )
    later = NEXT_YEAR + timedelta(hours=1)
    assert read(tx, 2026, later)["suppliers_by_band"] == NONE | {"high": 1}
    assert read(tx, 2026, later)["categories"][0]["cases"] == 1
    told = read(tx, 2027, later)
    assert told["suppliers_by_band"] == NONE
    assert [each["cases"] for each in told["categories"]] == []
    usecases.contracts.add_contract(tx, supplier_id, contract(), Writer(OFFICE, later, WHATEVER))
    again = read(tx, 2027, later + timedelta(hours=1))
    assert again["suppliers_by_band"] == NONE | {"high": 1}


def figures_of(*categories: dict[str, int]) -> dict[str, Any]:
    """A year's figures of suppliers with one case each."""
    by_band = [NONE | each for each in categories]
    return {
        "suppliers_by_band": {band: sum(each[band] for each in by_band) for band in NONE},
        "categories": [{"cases": sum(each.values()), "by_band": each} for each in by_band],
    }


def scores(by_band: dict[str, int]) -> int:
    return sum(count for band, count in by_band.items() if band != "no_data")


@pytest.mark.parametrize(
    ("categories", "told", "in_sum"),
    [
        ([{"low": 5}, {"low": 9}], [0, 1], True),
        ([{"high": 1}, {"low": 9}, {"low": 6}, {"low": 12}], [1, 3], True),  # the next smallest, too
        ([{"high": 1}, {"low": 1}, {"low": 6}, {"low": 12}], [3], True),  # two, but two scores are few
        ([{"high": 4}, {"low": 3}, {"low": 6}], [2], True),
        ([{"high": 4}, {}, {"low": 6}], [], True),  # a category without cases hides nothing
        ([{"high": 4}, {"no_data": 8}, {"low": 6}], [1], True),  # nor does one without a score
        ([{"high": 1, "no_data": 8}, {"low": 6}, {"low": 7}], [2], True),
        ([{"high": 4, "no_data": 1}], [], False),
        ([{"high": 2}, {"low": 2}], [], False),
        ([{"no_data": 8}], [0], False),
        ([], [], False),
    ],
)
def test_what_is_left_out_is_told_by_no_difference(
    categories: list[dict[str, int]], told: list[int], in_sum: bool
) -> None:
    live = figures_of(*categories)
    shown = figures.publishable(live, 5)
    assert [at for at, each in enumerate(shown["categories"]) if each["by_band"]] == told
    assert shown["suppliers_by_band"] == (live["suppliers_by_band"] if in_sum else None)


@given(
    st.lists(st.dictionaries(st.sampled_from(list(NONE)), st.integers(0, 7)), max_size=6), st.integers(1, 6)
)
def test_no_bands_of_few_are_found_by_subtraction(categories: list[dict[str, int]], least: int) -> None:
    live = figures_of(*categories)
    shown = figures.publishable(live, least)
    pairs = list(zip(live["categories"], shown["categories"], strict=True))
    assert all(scores(after["by_band"]) not in range(1, least) for _, after in pairs if after["by_band"])
    hidden = [scores(before["by_band"]) for before, after in pairs if after["by_band"] is None]
    secret = [each for each in hidden if each]
    if shown["suppliers_by_band"] and secret:
        assert len(secret) > 1
        assert sum(secret) >= least
    assert (shown["suppliers_by_band"] is None) == (scores(live["suppliers_by_band"]) < least)
    if all(scores(each["by_band"]) >= least for each in live["categories"]):
        assert shown["categories"] == live["categories"]


def archive(tx: Transaction, supplier_id: UUID, since: str) -> None:
    """Archive a supplier whose only contract ended in time."""
    ended = contract(ends_on="2026-11-01")
    usecases.contracts.change_contract(tx, only_contract(tx, supplier_id), ended, by())
    body = loaded(schemas.Status, {"status": "archived", "reason": "Upphört", "since": since})
    usecases.registry.set_status(tx, supplier_id, body, Writer(OFFICE, NEXT_YEAR, WHATEVER))


def test_archived_suppliers_are_left_out_of_what_is_counted_as_of_lists(tx: Transaction) -> None:
    left, gone = registered(tx), registered(tx)
    archive(tx, gone, "2026-11-20")
    query = page_query(schemas.SupplierQuery, band="high")
    assert [each["supplier_id"] for each in usecases.finding.list_suppliers(tx, query, OFFICE)["items"]] == [
        left
    ]
    by_band = {each.labels["band"]: each.value for each in usecases.scoring.gauges(tx)}
    cases = {each.labels["band"]: each.value for each in usecases.figures.gauges(tx)}
    assert by_band == cases == NONE | {"high": 1}
    for now in (LATER, NEXT_YEAR):  # of the year while it lasts, and once it is over
        told = read(tx, 2026, now)
        assert told["suppliers_by_band"] == NONE | {"high": 1}
        assert [(each["cases"], each["by_band"]) for each in told["categories"]] == [(1, NONE | {"high": 1})]
        counted = numbers(told)
        assert (counted["suppliers"], counted["suppliers_registered"], counted["cases_scored"]) == (1, 2, 2)


@pytest.mark.parametrize(("since", "there"), [("2026-12-31", 0), ("2027-01-01", 1)])
def test_who_is_archived_in_a_later_year_was_there_at_the_years_end(
    tx: Transaction, since: str, there: int
) -> None:
    archive(tx, registered(tx), since)
    told = read(tx, 2026, NEXT_YEAR)
    assert told["suppliers_by_band"] == NONE | {"high": there}
    assert sum(each["cases"] for each in told["categories"]) == numbers(told)["suppliers"] == there
    assert read(tx, 2027, NEXT_YEAR)["suppliers_by_band"] == NONE


def test_every_number_that_is_named_is_counted_and_labelled(tx: Transaction) -> None:
    for each in read(tx)["figures"]:
        assert each["label_sv"]
        assert each["label_en"]
        assert each["value"] >= 0


def test_gauges_tell_cases_by_category_and_band_with_few_labels(tx: Transaction) -> None:
    registered(tx)
    told = {tuple(each.labels.values()): each.value for each in usecases.figures.gauges(tx)}
    assert told == {("handskar", band): int(band == "high") for band in NONE}
    rows = [("a", "low", 2), ("b", "high", 5), ("b", "no_data", 1), ("c", "low", 1)]
    shown = figures.gauged(rows, 1)
    assert {key: value for key, value in shown.items() if value} == {
        ("b", "high"): 5,
        ("b", "no_data"): 1,
        ("other", "low"): 3,
    }
    assert len(shown) == 12


def test_the_analyses_that_were_made_or_revised_in_the_year_are_told(tx: Transaction) -> None:
    some = [{"likelihood": 4, "severity": 5, "valid_until": "2099-12-31"}, None, None, None]
    put_gloves(tx, analysis=some)
    usecases.categories.put_category(
        tx, "garn", loaded(schemas.NewCategory, GLOVES | {"analysis": [None] * 4}), WHATEVER
    )
    now = clock.now() + timedelta(seconds=1)
    told = read(tx, now.year, now)
    assert [(each["category_id"], each["areas"]) for each in told["risk_analyses"]] == [
        ("handskar", ["human_rights"])
    ]
    assert numbers(told)["risk_analyses"] == 1
    assert read(tx, now.year - 1, now)["risk_analyses"] == []
