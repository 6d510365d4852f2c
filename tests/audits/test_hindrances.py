"""What stands already: rest, valid audits, contract time, the open audit, requests for a site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.audits.domain.case import Reason
from tests.audits.cases import (
    DAY,
    DEVIATED,
    EARLIER,
    OLD,
    OPEN,
    WEEKS_4,
    WEEKS_13,
    WEEKS_26,
    audit,
    codes,
    decided,
    measure,
    outline,
    reported,
)

# --- a row rests for 12 months after the end of what it led to


def ended_on(day, **changes):
    return (measure(7, "office_audit", ended_on=day, bands_since=("high",), **changes),)


def test_a_row_does_not_fire_again_within_12_months_of_the_end():
    last_day = decided(ended_on(date(2025, 11, 22)), band="high")
    assert outline(last_day) == (7, "none", "suppressed", None)
    rest = Reason("row_rests", {"row": 7, "ended_on": date(2025, 11, 22), "until": date(2026, 11, 22)})
    assert last_day.reasons[-1] == rest
    assert outline(decided(ended_on(date(2025, 11, 21)), band="high")) == (
        7,
        "office_audit",
        "opened",
        WEEKS_26,
    )


def test_a_rest_that_began_on_29_february_ends_on_the_28th():
    leap = measure(7, "office_audit", ended_on=date(2028, 2, 29), bands_since=("high",))
    on = {day: datetime(2029, 2, day, 12, tzinfo=UTC) for day in (27, 28)}
    assert decided((leap,), band="high", as_of=on[27]).effect == "suppressed"
    assert decided((leap,), band="high", as_of=on[28]).effect == "opened"


@pytest.mark.parametrize(
    ("bands_since", "fires"),
    [
        (("high",), False),
        (("very_high",), False),
        (("high", "medium"), True),
        (("no_data",), False),
        ((), False),
    ],
)
def test_a_resting_row_fires_if_the_band_has_risen_since_the_end(bands_since, fires):
    past = measure(7, "office_audit", ended_on=date(2026, 9, 1), bands_since=bands_since)
    assert (decided((past,), band="high").effect == "opened") is fires


@pytest.mark.parametrize(("completed", "fires"), [(date(2026, 9, 1), False), (date(2026, 9, 2), True)])
def test_a_resting_row_fires_if_a_new_assessment_was_completed_after_the_end(completed, fires):
    at = datetime(completed.year, completed.month, completed.day, 12, tzinfo=UTC)
    decision = decided(ended_on(date(2026, 9, 1)), band="high", assessed_at=at)
    assert (decision.effect == "opened") is fires


def test_a_resting_row_lets_the_next_matching_row_fire_and_is_named():
    rested = measure(4, "office_audit", ended_on=date(2026, 9, 1), bands_since=("high",))
    decision = decided((rested,), DEVIATED, band="high", claim_gap=Decimal(40))
    assert outline(decision) == (5, "factory_audit", "opened", WEEKS_13)
    assert codes(decision) == ["high_after_office_audit_with_deviations", "row_rests"]


def test_another_rows_audit_does_not_make_a_row_rest():
    other = measure(4, "office_audit", ended_on=date(2026, 9, 1), bands_since=("high",))
    assert decided((other,), band="high").effect == "opened"


@pytest.mark.parametrize("row", [1, 2])
def test_a_decision_that_a_person_took_makes_no_row_rest(row):
    past = measure(row, "person_decides", ended_on=date(2026, 11, 1))
    assert decided((past,), severe_open=2 - row, critical_open=1).effect == "opened"


def test_a_dialogue_that_is_open_is_joined_and_keeps_its_date():
    decision = decided((measure(8, "dialogue"),))
    assert outline(decision) == (8, "dialogue", "joined", date(2027, 2, 1))
    assert decision.joins == EARLIER


# --- a valid audit


@pytest.mark.parametrize(
    ("band", "kind", "suppressed"),
    [
        ("high", "office", True),
        ("high", "factory", True),
        ("very_high", "office", False),
        ("very_high", "factory", True),
    ],
)
def test_a_valid_audit_suppresses_rows_6_and_7_if_it_is_equal_or_stronger(band, kind, suppressed):
    decision = decided(reported=(reported(kind),), band=band)
    assert (decision.effect == "suppressed", decision.outcome == "none") == (suppressed, suppressed)


def test_a_suppressed_row_says_which_audit_is_valid():
    decision = decided(reported=(reported(),), band="high")
    assert decision.reasons == (
        Reason("high_risk", {"row": 7, "score": Decimal("45.0"), "assessed": True, "band": "high"}),
        Reason("valid_audit", {"audit_id": OLD, "kind": "office", "reported_on": date(2025, 11, 21)}),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"deviations": 1, "kind": "factory"},
        {"closed": False},
        {"reported_on": DAY - timedelta(days=3 * 365 + 2)},
    ],
)
def test_an_audit_with_deviations_or_not_closed_or_older_than_3_years_suppresses_nothing(changes):
    assert decided(reported=(reported(**changes),), band="high").outcome == "office_audit"


def test_an_audit_is_valid_on_the_day_3_years_later_and_not_on_the_next():
    on_the_day = reported(reported_on=date(2023, 11, 21))
    assert decided(reported=(on_the_day,), band="high").effect == "suppressed"
    a_day_more = reported(reported_on=date(2023, 11, 20))
    assert decided(reported=(a_day_more,), band="high").effect == "opened"


def test_a_valid_audit_suppresses_no_other_row():
    valid = (reported("factory"),)
    facts = [{"claim_gap": Decimal(30)}, {}, {"band": "no_data", "score": None}]
    assert [decided(reported=valid, **fact).effect for fact in facts] == ["opened"] * 3
    deviated = (*valid, reported(deviations=1))
    assert decided(reported=deviated, band="high").row == 5


def test_row_5_looks_back_3_years():
    at, before = date(2023, 11, 21), date(2023, 11, 20)
    assert decided(reported=(reported(deviations=1, reported_on=at),), band="high").row == 5
    assert decided(reported=(reported(deviations=1, reported_on=before),), band="high").row == 7
    assert decided(reported=(reported("factory", deviations=1),), band="high").row == 7


# --- contract time


@pytest.mark.parametrize("band", ["very_high", "high", "medium", "no_data"])
def test_rows_6_to_9_are_listed_when_less_than_12_months_of_contract_remain(band):
    decision = decided(band=band, contract_ends_on=date(2027, 11, 20))
    assert (decision.outcome, decision.effect, decision.listed) == ("none", "listed", True)
    why = {"contract_ends_on": date(2027, 11, 20), "months": 12}
    assert decision.reasons[-1] == Reason("contract_ends_too_soon", why)


@pytest.mark.parametrize("ends_on", [date(2027, 11, 21), None])
def test_exactly_12_months_or_an_unknown_end_counts_as_long(ends_on):
    assert decided(band="high", contract_ends_on=ends_on).effect == "opened"


def test_contract_time_does_not_hinder_rows_1_to_5():
    facts = [{"severe_open": 1}, {"critical_open": 1}, {"claim_gap": Decimal(25)}]
    assert [decided(contract_ends_on=DAY, **fact).effect for fact in facts] == ["opened"] * 3
    assert decided(reported=DEVIATED, contract_ends_on=DAY, band="high").row == 5


# --- one open audit


def test_a_later_cause_joins_the_open_audit_and_its_date_stands():
    decision = decided(open_audit=audit(), band="high")
    assert (*outline(decision), decision.joins) == (7, "office_audit", "joined", date(2027, 3, 1), OPEN)
    assert decision.needs_slot is False


def test_a_stronger_cause_upgrades_the_open_audit():
    decision = decided(open_audit=audit(), band="very_high")
    assert (*outline(decision), decision.joins) == (6, "factory_audit", "upgraded", WEEKS_13, OPEN)
    assert decision.needs_slot is True


def test_a_cause_that_wants_the_same_sooner_upgrades_too():
    decision = decided(open_audit=audit(), claim_gap=Decimal(30))
    assert outline(decision) == (4, "office_audit", "upgraded", WEEKS_13)


def test_a_weaker_cause_joins_the_stronger_audit():
    decision = decided(open_audit=audit(kind="factory"), claim_gap=Decimal(30))
    assert outline(decision) == (4, "office_audit", "joined", date(2027, 3, 1))


def test_an_audit_that_is_under_way_is_not_upgraded_but_listed():
    decision = decided(open_audit=audit(state="held"), band="very_high")
    assert (*outline(decision), decision.listed) == (6, "factory_audit", "joined", date(2027, 3, 1), True)
    assert codes(decision)[-1] == "open_audit_too_far_to_upgrade"


@pytest.mark.parametrize("facts", [{}, {"band": "low", "score": Decimal("30.0")}])
def test_a_better_score_proposes_to_cancel_the_open_audit(facts):
    decision = decided(open_audit=audit(), **facts)
    assert (decision.proposes_cancellation, decision.listed) == (True, True)
    assert codes(decision)[-1] == "cancellation_proposed"


@pytest.mark.parametrize(
    "facts",
    [
        {"score": Decimal("65.0")},
        {"band": "no_data", "score": None},
        {"band": "high", "score": Decimal("61.0")},
        {"critical_open": 1},
        {"not_cooperating": True},
    ],
)
def test_no_cancellation_without_a_better_score_and_nothing_that_calls_for_an_audit(facts):
    assert decided(open_audit=audit(), **facts).proposes_cancellation is False


def test_an_audit_that_is_under_way_is_not_proposed_for_cancellation():
    assert decided(open_audit=audit(state="held")).proposes_cancellation is False


# --- very high without a known site


def test_a_known_site_ends_the_request_and_lets_the_factory_audit_begin():
    decision = decided((measure(6, "transparency_request"),), band="very_high")
    assert (*outline(decision), decision.ends) == (6, "factory_audit", "opened", WEEKS_13, (EARLIER,))


def test_while_the_request_is_open_no_audit_is_scheduled():
    decision = decided((measure(6, "transparency_request"),), band="very_high", site_known=False)
    assert outline(decision) == (6, "transparency_request", "joined", date(2027, 2, 1))


def test_after_a_request_without_a_site_comes_an_office_audit():
    ended = measure(6, "transparency_request", ended_on=date(2026, 11, 1), bands_since=("very_high",))
    decision = decided((ended,), band="very_high", site_known=False)
    assert outline(decision) == (6, "office_audit", "opened", WEEKS_13)
    assert codes(decision) == ["very_high_risk", "site_still_unknown_after_request"]


def test_a_valid_factory_audit_suppresses_the_request_as_well():
    assert decided(reported=(reported("factory"),), band="very_high", site_known=False).effect == "suppressed"


def test_row_5_asks_for_the_site_first_too():
    decision = decided(reported=DEVIATED, band="high", site_known=False)
    assert outline(decision) == (5, "transparency_request", "opened", WEEKS_4)
