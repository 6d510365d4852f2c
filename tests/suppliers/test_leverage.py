"""Leverage and ranking of cases as they are stored."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from chassis import sql
from chassis.errors import Invalid, NotFound
from services.suppliers import repository, rulebook, schemas, usecases
from services.suppliers.domain import priority
from tests.callers import OFFICE, caller, page_query
from tests.suppliers.bodies import NOW, SUPPLIER, import_china, put_gloves, register, supplier
from tests.suppliers.steps import assess, registered

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction

[CONTRACT] = SUPPLIER["contracts"]


def ranking(tx: Transaction, actor: Identity = OFFICE, category: str = "handskar", **given: Any) -> Any:
    query = page_query(schemas.leverage.RankingQuery, **given)
    return usecases.leverage.list_ranking(tx, category, query, actor, NOW)


def leverage(tx: Transaction, supplier_id: UUID, actor: Identity = OFFICE, year: int | None = None) -> Any:
    return usecases.leverage.get_leverage(tx, supplier_id, year, actor, NOW)


def test_a_case_shows_the_regions_joint_spend_and_its_priority_with_every_term(tx: Transaction) -> None:
    supplier_id = registered(tx)
    [case] = leverage(tx, supplier_id)["cases"]
    [contract] = case.pop("contracts")
    assert case == {
        "supplier_id": supplier_id,
        "legal_name": "Exempelleverantör 017 AB",
        "category_id": "handskar",
        "band": "high",
        "score": Decimal("72.3"),
        "spend_msek": Decimal("31.23"),
        "years_left": Decimal("2.11"),  # 2026-11-21 to 2028-12-31: 771 / 365
        "worth": Decimal("0.75"),
        "priority": Decimal("3573.2"),
        "arithmetic": "72.3 × 31.23 × 2.11 × 0.75 = 3573.2",
        "regions": ("01", "14"),
        "value_ore": 12_500_000_000,
        "spend_ore": 3_122_861_054,
        "ends_on": date(2028, 12, 31),
        "days_left": 771,
        "assessed_on": None,
        "audited_on": None,
        "selected_year": None,
        "hindrances": (),
    }
    assert (contract["regions"], contract["spend_ore"]) == (["01", "14"], 3_122_861_054)


def test_a_coming_year_counts_from_its_first_day(tx: Transaction) -> None:
    supplier_id = registered(tx)
    shown = leverage(tx, supplier_id, year=2028)
    assert (shown["as_of"], shown["cases"][0]["days_left"]) == (date(2028, 1, 1), 365)
    assert leverage(tx, supplier_id, year=2030)["cases"] == []


def test_a_region_sees_its_own_cases_with_all_regions_spend(tx: Transaction) -> None:
    supplier_id = registered(tx, contracts=[CONTRACT, CONTRACT | {"regions": ["20"]}])
    [case] = leverage(tx, supplier_id, caller("region", region="20"))["cases"]
    assert (case["regions"], case["spend_ore"]) == (("01", "14", "20"), 2 * 3_122_861_054)
    assert leverage(tx, supplier_id, caller("region", region="12"))["cases"] == []
    assert ranking(tx, caller("region", region="12"))["items"] == []
    assert [each["supplier_id"] for each in ranking(tx, caller("client", region="20"))["items"]] == [
        supplier_id
    ]
    assert ranking(tx, caller("area_coordinator", area="A"))["items"] == []
    assert len(ranking(tx, caller("area_coordinator", area="F"))["items"]) == 1


def test_what_is_not_there_is_not_found(tx: Transaction) -> None:
    with pytest.raises(NotFound):
        leverage(tx, uuid4())
    with pytest.raises(NotFound):
        ranking(tx, category="nothing")


def test_an_assessment_is_seen_and_hinders_for_a_year(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], NOW)
    [case] = leverage(tx, supplier_id)["cases"]
    assert (case["assessed_on"], case["hindrances"]) == (NOW.date(), ("followed_up_recently",))
    [next_year] = leverage(tx, supplier_id, year=2028)["cases"]
    assert next_year["hindrances"] == ("short_contract",)


def many(tx: Transaction, number: int) -> None:
    """Suppliers with all sorts of contracts, and scores of all sorts."""
    put_gloves(tx)
    import_china(tx)
    some = random.Random(20261127)  # noqa: S311  the same each time
    for each in range(number):
        contracts = [_contract(some) for _ in range(some.randint(1, 3))]
        register(tx, supplier(legal_name=f"Exempelleverantör {each:03} AB", contracts=contracts))
    scores = [None, *(Decimal(n) / 10 for n in (0, 1, 333, 500, 999, 1000))]
    with tx.cursor() as cursor:
        for (supplier_id,) in _ids(tx):
            score = some.choice(scores)
            band = "no_data" if score is None else "medium"
            cursor.execute(
                "UPDATE risk_case SET score = %s, band = %s WHERE supplier_id = %s",
                (score, band, supplier_id),
            )


def _ids(tx: Transaction) -> list[Any]:
    with tx.cursor() as cursor:
        cursor.execute("SELECT supplier_id FROM risk_case")
        return list(cursor.fetchall())


def _contract(some: random.Random) -> dict[str, Any]:
    starts_on = date(2020, 1, 1) + timedelta(days=some.randint(0, 2600))
    ends_on = starts_on + timedelta(days=some.randint(0, 3000))
    value = some.choice([0, 1, 730, some.randint(0, 10**12), 2**63 - 1])
    currency = some.choice(["SEK", "SEK", "SEK", "EUR"])
    return CONTRACT | {
        "currency": currency,
        "starts_on": starts_on.isoformat(),
        "ends_on": some.choice([ends_on.isoformat(), ends_on.isoformat(), None]),
        "value_ore": value,
        "regions": some.sample(["01", "03", "09", "14", "20"], some.randint(1, 4)),
    }


def test_the_database_ranks_by_the_very_priority_that_is_shown(tx: Transaction) -> None:
    many(tx, 80)
    asked = usecases.leverage.everybodys("handskar", NOW.date())
    query = page_query(schemas.leverage.RankingQuery, limit=500)
    rows = repository.leverage.ranking(tx, asked, query)["items"]
    shown = usecases.leverage.ranked_cases(tx, rows, NOW.date())
    assert len(rows) == len(shown) > 40  # those whose contracts are over have no case here
    assert [row.priority for row in rows] == [case["priority"] for case in shown]
    assert sum(case["priority"] is None for case in shown) > 3
    known = [case["priority"] for case in shown if case["priority"] is not None]
    assert known == sorted(known, reverse=True)
    assert [case["priority"] for case in shown[len(known) :]] == [None] * (len(shown) - len(known))


def test_the_ranking_is_walked_page_by_page_without_a_gap(tx: Transaction) -> None:
    many(tx, 25)
    whole = [each["supplier_id"] for each in ranking(tx, limit=500)["items"]]
    walked, after = [], None
    while True:
        page = ranking(tx, limit=4, after=after)
        walked += [each["supplier_id"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert walked == whole
    with pytest.raises(Invalid):  # another year is another list
        ranking(tx, limit=4, after=ranking(tx, limit=4)["next"], year=2027)


def test_other_weights_give_another_ranking_in_both_places(tx: Transaction) -> None:
    many(tx, 25)
    data = rulebook.rule_file("priority")
    data["time"]["worth"] = [{"from_years": 0, "factor": Decimal("0.5")}]
    data["spend"]["unit_ore"] = 1_000_000
    rules = priority.parse_priority_rules(data)
    asked = usecases.leverage.everybodys("handskar", NOW.date())._replace(rules=rules)
    rows = repository.leverage.ranking(tx, asked, page_query(schemas.leverage.RankingQuery))["items"]
    facts = repository.leverage.case_facts(tx, [(row.supplier_id, row.category_id) for row in rows])
    for row in rows:
        each = facts[row.supplier_id, row.category_id]
        of = priority.leverage(each.contracts, rules, NOW.date())
        assert of is not None
        assert row.priority == priority.priority(each.score, of, rules).priority


def test_what_is_shown_fits_its_schema(tx: Transaction) -> None:
    supplier_id = registered(tx)
    shown = schemas.leverage.LeverageView().dump(leverage(tx, supplier_id))
    assert set(shown["cases"][0]) == set(schemas.leverage.LeverageView.example["cases"][0])
    assert sql.document(shown)
