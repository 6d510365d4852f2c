from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain import (
    OFFICE,
    Occasion,
    Pace,
    Recipient,
    Supplier,
    audience,
    fault_of_recipient,
    is_worth_noticing,
    language_of,
    local_day,
    next_try,
    one_line,
    usable_address,
    verdict,
)
from services.notifications.rules import MATRIX

ANNA, BO = str(UUID(int=1)), str(UUID(int=2))
AUDITOR = str(UUID(int=3))
SUPPLIER = Supplier(
    contacts=((ANNA, "sales"), (BO, "sustainability")), regions={"gloves": ("12", "01"), "it": ("25",)}
)
NOBODY = Supplier(contacts=(), regions={})
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PACE = Pace(first=timedelta(seconds=2), factor=2, longest=timedelta(minutes=5))


def heard(kind: str, supplier: Supplier = SUPPLIER, **facts: Any) -> tuple[list[Recipient], bool]:
    return audience(Occasion(UUID(int=9), kind, UUID(int=8), "gloves", facts), supplier, MATRIX[kind])


def audit(supplier: Supplier = SUPPLIER, **facts: Any) -> tuple[list[Recipient], bool]:
    return heard("audit_confirmed", supplier, **{"auditor_id": AUDITOR, "announced": True, **facts})


def test_an_invitation_goes_to_the_contact_that_the_event_names_and_to_nobody_else() -> None:
    assert heard("assessment_invited", contact_id=ANNA) == ([("supplier_contact", ANNA)], True)


def test_an_invitation_to_a_contact_that_has_not_arrived_stays_open() -> None:
    assert heard("assessment_invited", contact_id=str(UUID(int=7))) == ([], False)


def test_a_completed_assessment_is_told_to_the_contact_with_a_fitting_role_and_the_office() -> None:
    assert heard("assessment_completed") == ([("national_office", OFFICE), ("supplier_contact", BO)], True)


def test_where_no_contacts_role_fits_the_first_contact_hears() -> None:
    supplier = Supplier(contacts=((ANNA, "sales"), (BO, None)), regions={})
    assert heard("assessment_completed", supplier)[0][1] == ("supplier_contact", ANNA)


def test_a_supplier_without_contacts_leaves_its_notice_open_while_the_office_hears() -> None:
    assert heard("assessment_completed", NOBODY) == ([("national_office", OFFICE)], False)


def test_a_changed_band_is_told_to_the_categorys_regions_and_the_office_but_never_to_the_supplier() -> None:
    expected = [("national_office", OFFICE), ("region", "01"), ("region", "12")]
    assert heard("risk_band_changed") == (expected, True)


def test_a_case_whose_contract_has_not_arrived_leaves_the_regions_notice_open() -> None:
    assert heard("risk_band_changed", NOBODY) == ([("national_office", OFFICE)], False)


def test_a_confirmed_audit_is_told_to_auditor_office_regions_and_supplier() -> None:
    expected = [
        ("auditor", AUDITOR),
        ("national_office", OFFICE),
        ("region", "01"),
        ("region", "12"),
        ("supplier_contact", BO),
    ]
    assert audit() == (expected, True)


def test_an_unannounced_audit_never_reaches_the_supplier() -> None:
    people, everybody = audit(announced=False)
    assert [kind for kind, _ in people] == ["auditor", "national_office", "region", "region"]
    assert everybody


def test_an_audit_without_an_auditor_waits_for_none() -> None:
    people, everybody = audit(auditor_id=None)
    assert ("auditor", AUDITOR) not in people
    assert everybody


@pytest.mark.parametrize(
    ("changed", "previous_band", "worth"),
    [(True, "low", True), (False, "low", False), (True, None, False), (True, "no_data", True)],
)
def test_a_risk_is_worth_a_notice_when_its_band_changed_and_it_is_not_the_first(
    changed: bool, previous_band: str | None, worth: bool
) -> None:
    facts = {"changed": changed, "previous_band": previous_band}
    assert is_worth_noticing("risk_band_changed", facts) is worth


def test_every_other_event_is_worth_a_notice() -> None:
    others = set(MATRIX) - {"risk_band_changed", "audit_cancelled"}
    assert all(is_worth_noticing(kind, {}) for kind in others)


def test_a_cancelled_audit_is_worth_a_notice_once_its_confirmation_was() -> None:
    assert [is_worth_noticing("audit_cancelled", {"provisional": each}) for each in (False, True)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("kind", "recipient_id", "fine"),
    [
        ("region", "01", True),
        ("region", "1", False),
        ("region", "٠١", False),
        ("national_office", "national_office", True),
        ("national_office", "office", False),
        ("auditor", AUDITOR, True),
        ("auditor", "maria", False),
        ("auditor", AUDITOR.replace("-", ""), False),
    ],
)
def test_a_recipient_has_the_id_that_events_use(kind: str, recipient_id: str, fine: bool) -> None:
    assert (fault_of_recipient(kind, recipient_id) is None) is fine


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (250, "accepted"),
        (251, "accepted"),
        (421, "temporary"),
        (451, "temporary"),
        (550, "permanent"),
        (354, "temporary"),
        (600, "temporary"),
        (503, "temporary"),
        (530, "temporary"),
        (None, "temporary"),
    ],
)
def test_only_a_refusal_for_good_ends_the_tries(code: int | None, expected: str) -> None:
    assert verdict(code) == expected


def test_waits_grow_up_to_the_longest_and_never_end() -> None:
    waits = [(next_try(attempt, NOW, PACE) - NOW).total_seconds() for attempt in (1, 2, 3, 8, 9, 10_000)]
    assert waits == [2, 4, 8, 256, 300, 300]


@pytest.mark.parametrize(
    "text", ["a@b.example", "  anna.ek@mail.leverantor.example ", "o'neil+x@a-b.example"]
)
def test_an_address_that_servers_take_is_usable(text: str) -> None:
    assert usable_address(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "anna",
        "a@b",
        "a@b@c.example",
        "a b@c.example",
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
        "å@b.example",
        "a@b.example\x00",
        "a@" + "b" * 260 + ".example",
        "a" * 65 + "@b.example",
        "a..b@c.example",
        ".a@b.example",
        "=?utf-8?q?x=2C?=@b.example",
    ],
)
def test_nothing_else_is(text: str | None) -> None:
    assert usable_address(text) is None


@given(st.text())
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "\x00" not in line


def test_language_is_swedish_where_asked_for_and_english_otherwise() -> None:
    assert [language_of(each) for each in ("sv", "en", "fi", None)] == ["sv", "en", "en", "en"]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2027-01-02", date(2027, 1, 2)),
        ("2026-12-31T23:30:00Z", date(2027, 1, 1)),
        ("2026-06-30T22:30:00+00:00", date(2026, 7, 1)),
        ("2026-11-21T22:30:00+00:00", date(2026, 11, 21)),
    ],
)
def test_a_day_is_a_day_in_stockholm(moment: str, day: date) -> None:
    assert local_day(moment) == day


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "tomorrow",
        "2026-02-30",
        "2026-11-21T22:30:00",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_on_no_certain_day_is_refused(moment: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        local_day(moment)
