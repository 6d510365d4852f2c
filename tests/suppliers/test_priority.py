"""The priority of a case: sums made by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.suppliers import rulebook
from services.suppliers.domain import priority, proposal
from services.suppliers.domain.priority import Contract, Leverage

RULES = rulebook.priority_rules()
AS_OF = date(2026, 11, 22)
MILLION = 100_000_000  # of SEK, in öre


def contract(value_ore: int = 125 * MILLION, **changes: Any) -> Contract:
    known: dict[str, Any] = {
        "contract_id": UUID(int=1),
        "regions": ["01", "14"],
        "currency": "SEK",
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2028, 12, 31),
        "advanced": True,
    }
    return Contract(value_ore=value_ore, **known | changes)


def held(*contracts: Contract) -> Leverage:
    found = priority.leverage(contracts, RULES, AS_OF)
    assert found is not None
    return found


def test_a_contract_s_value_is_spread_over_its_time():
    # 2025-01-01 to 2028-12-31 are 1461 days: 125,000,000 x 365 / 1461 = 31,228,610.54… SEK a year
    assert priority.ore_a_year(contract(), RULES) == 3_122_861_054


def test_a_contract_shorter_than_a_year_is_not_blown_up_to_one():
    assert priority.ore_a_year(contract(ends_on=date(2025, 3, 1)), RULES) == 125 * MILLION


def test_an_unknown_end_counts_as_long_in_the_spend_and_in_the_time():
    of = held(contract(ends_on=None))
    assert (of.spend_ore, of.ends_on, of.days_left) == (125 * MILLION // 4, None, None)
    terms = priority.priority(Decimal("72.3"), of, RULES)
    assert (terms.years_left, terms.worth) == (4, 1)


def test_half_an_ore_is_rounded_up():
    assert priority.ore_a_year(contract(1, ends_on=date(2026, 12, 31)), RULES) == 1  # 0.5 of an öre


def test_all_regions_contracts_count_and_each_region_once():
    of = held(contract(), contract(8 * MILLION, regions=["14", "09"], ends_on=date(2029, 6, 30)))
    assert of.regions == ("01", "09", "14")
    assert of.value_ore == 133 * MILLION
    # 2025-01-01 to 2029-06-30 are 1642 days: 800,000,000 x 365 / 1642 = 177,831,912.3
    assert of.spend_ore == 3_122_861_054 + 177_831_912
    assert of.ends_on == date(2029, 6, 30)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"), [("2026-11-23", "2030-01-01"), ("2020-01-01", "2026-11-21")]
)
def test_what_has_not_begun_or_is_over_gives_no_leverage(starts_on: str, ends_on: str):
    days = {"starts_on": date.fromisoformat(starts_on), "ends_on": date.fromisoformat(ends_on)}
    assert priority.leverage([contract(**days)], RULES, AS_OF) is None


def test_the_first_and_the_last_day_are_days_of_the_contract():
    assert held(contract(starts_on=AS_OF)).days_left == 770
    assert held(contract(ends_on=AS_OF)).days_left == 0


def test_priority_is_what_its_shown_terms_give():
    terms = priority.priority(Decimal("72.3"), held(contract()), RULES)
    assert (terms.spend_msek, terms.years_left, terms.worth) == (
        Decimal("31.23"),  # of 31.2286…
        Decimal("2.11"),  # 770 / 365 = 2.1095…
        Decimal("0.75"),
    )
    assert terms.priority == Decimal("3573.2")  # 72.3 x 31.23 x 2.11 x 0.75 = 3573.21…
    assert priority.arithmetic(terms) == "72.3 × 31.23 × 2.11 × 0.75 = 3573.2"


@pytest.mark.parametrize(
    ("ends_on", "years", "worth"),
    [
        ("2036-11-22", "4", "1"),  # more than four count as four
        ("2029-11-21", "3.00", "1"),  # 1095 days
        ("2029-11-17", "2.99", "0.75"),  # 1091 days = 2.989
        ("2028-11-21", "2.00", "0.75"),  # 730 days
        ("2028-11-17", "1.99", "0.25"),  # 726 days = 1.989
        ("2027-11-22", "1.00", "0.25"),
        ("2027-11-18", "0.99", "0.1"),  # 361 days = 0.989
        ("2026-11-22", "0.00", "0.1"),
    ],
)
def test_a_follow_up_is_worth_most_with_three_years_left_and_little_with_less_than_two(
    ends_on: str, years: str, worth: str
):
    terms = priority.priority(Decimal(50), held(contract(ends_on=date.fromisoformat(ends_on))), RULES)
    assert (terms.years_left, terms.worth) == (Decimal(years), Decimal(worth))


def test_what_is_in_another_currency_is_no_spend_and_still_a_contract():
    of = held(contract(8 * MILLION), contract(currency="EUR", ends_on=date(2030, 12, 31), regions=["12"]))
    assert (of.value_ore, of.spend_ore) == (8 * MILLION, held(contract(8 * MILLION)).spend_ore)
    assert (of.regions, of.ends_on) == (("01", "12", "14"), date(2030, 12, 31))
    assert [ore > 0 for _, ore in of.contracts] == [True, False]


def test_no_data_has_no_priority_and_looks_like_no_number():
    terms = priority.priority(None, held(contract()), RULES)
    assert (terms.score, terms.priority) == (None, None)
    assert priority.arithmetic(terms) == "no_data × 31.23 × 2.11 × 0.75: no priority"


def hindered(of: Leverage, score: str | None = "50", last: date | None = None, contact: bool = True):
    terms = priority.priority(None if score is None else Decimal(score), of, RULES)
    return priority.hindrances(of, terms, last, contact, RULES)


def test_what_hinders_is_told():
    assert hindered(held(contract())) == ()
    assert hindered(held(contract()), score=None) == ("no_data",)
    assert hindered(held(contract(0))) == ("no_value",)
    assert hindered(held(contract(currency="EUR"))) == ("no_value", "other_currency")
    assert hindered(held(contract(ends_on=date(2028, 11, 17)))) == ("short_contract",)
    assert hindered(held(contract(ends_on=None))) == ()
    assert hindered(held(contract(advanced=False))) == ("basic_level",)
    assert hindered(held(contract(advanced=False), contract())) == ()
    assert hindered(held(contract()), last=date(2025, 11, 23)) == ("followed_up_recently",)
    assert hindered(held(contract()), last=date(2025, 11, 22)) == ()
    assert hindered(held(contract()), contact=False) == ("no_contact",)


def test_a_coming_year_is_planned_from_its_first_day_and_a_begun_one_from_today():
    assert priority.as_of_year(2027, date(2026, 11, 22)) == date(2027, 1, 1)
    assert priority.as_of_year(2026, date(2026, 11, 22)) == date(2026, 11, 22)


def case(name: str, *hindrances: str) -> dict[str, Any]:
    return {"supplier_id": name, "hindrances": hindrances}


def test_the_most_urgent_are_proposed_and_those_passed_over_are_listed_up_to_the_last():
    ranked = [
        case("a", "followed_up_recently"),
        case("b", "short_contract"),
        case("c", "no_contact"),
        case("d"),
        case("e"),
    ]
    chosen = proposal.choose(ranked, 2, RULES)
    assert [each["supplier_id"] for each in chosen.proposed] == ["b", "d"]
    assert [each["supplier_id"] for each in chosen.passed_over] == ["a", "c"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"time": {"days_in_year": 365, "step": 1, "most_years": 4, "worth": []}}, "from_years = 0"),
        ({"proposal": {"passes_over": ["bad_weather"]}}, "bad_weather"),
    ],
)
def test_rules_that_cannot_be_applied_are_refused(change: dict[str, Any], fault: str):
    with pytest.raises(ValueError, match=fault):
        priority.parse_priority_rules({**rulebook.rule_file("priority"), **change})
