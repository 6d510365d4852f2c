"""What nobody can store, mail, read or compute with is refused at the door, each fault by its pointer."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from marshmallow import ValidationError

from chassis.errors import Invalid
from chassis.events import UnreadableError
from chassis.http.reading import pointers
from chassis.loading import loader
from services.suppliers import schemas
from services.suppliers.events import AssessmentCompleted
from tests.suppliers.bodies import GLOVES, SUPPLIER, completed, import_index, loaded

if TYPE_CHECKING:
    from chassis.db import Transaction

DEEP = reduce(lambda inner, _: {"a": inner}, range(500), {})  # type: ignore[var-annotated]
NOBODY = "01938f3e-0000-7000-8000-000000000000"


def faults(schema: Any, body: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        loader(schema).load(body)
    return sorted(pointers(refused.value.messages))


def changed(part: str, **changes: Any) -> dict[str, Any]:
    return SUPPLIER | {part: [SUPPLIER[part][0] | changes]}


@pytest.mark.parametrize("email", ["å@ö.example", "a@[127.0.0.1]", '"a b"@c.example', "kim"])
def test_a_contact_is_refused_at_an_address_that_can_never_be_mailed(email: str) -> None:
    assert faults(schemas.NewSupplier, changed("contacts", email=email)) == ["/contacts/0/email"]


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\t\u2060"])
def test_a_name_that_nobody_can_see_is_none(blank: str) -> None:
    assert faults(schemas.NewSupplier, SUPPLIER | {"legal_name": blank}) == ["/legal_name"]
    assert faults(schemas.NewSupplier, changed("contacts", name=blank)) == ["/contacts/0/name"]
    assert faults(schemas.NewSupplier, changed("contacts", role=blank)) == ["/contacts/0/role"]
    assert faults(schemas.NewSupplier, changed("sites", name=blank)) == ["/sites/0/name"]
    assert faults(schemas.NewSupplier, changed("contracts", clause_version=blank)) == [
        "/contracts/0/clause_version"
    ]
    assert faults(schemas.NewCategory, GLOVES | {"names": {"sv": blank, "en": "x"}}) == ["/names/sv"]


def test_names_are_kept_without_outer_white_space() -> None:
    assert loaded(schemas.NewSupplier, SUPPLIER | {"legal_name": " Ek AB  "})["legal_name"] == "Ek AB"


@pytest.mark.parametrize("prefix", ["٣٣١٤", "3", "33 14", "331414201"])
def test_a_cpv_prefix_is_of_ascii_digits(prefix: str) -> None:
    assert faults(schemas.NewCategory, GLOVES | {"cpv_prefixes": [prefix]}) == ["/cpv_prefixes/0"]


def test_a_clauses_terms_are_named_each_in_its_unit_and_none_is_needed() -> None:
    terms = {
        "answer_weeks": 6,
        "severe_report_weeks": 2,
        "transparency_weeks": 4,
        "audit_access_weeks": 4,
        "plan_days": 14,
        "plan_severe_days": 7,
        "remedy_days": 30,
        "remedy_critical_days": 0,
        "vite_per_week_ore": 5_000_000,
        "vite_cap_ore": 2**63 - 1,
    }
    for some in (terms, {}, {"remedy_days": 60}):
        [contract] = loaded(schemas.NewSupplier, changed("contracts", terms=some))["contracts"]
        assert contract["terms"] == some


@pytest.mark.parametrize("value", [DEEP, [], {}, 1e308, 1.5, 2**63, -1, 10**31, "30", None, True])
def test_other_terms_are_refused_by_name(value: Any) -> None:
    terms = {"vite_cap_ore": value, "remedy_days": 30}
    assert faults(schemas.NewSupplier, changed("contracts", terms=terms)) == [
        "/contracts/0/terms/vite_cap_ore"
    ]


@pytest.mark.parametrize("terms", [{"remedy": 30}, [], "x", None])
def test_terms_that_no_clause_has_are_refused(terms: Any) -> None:
    [pointer] = faults(schemas.NewSupplier, changed("contracts", terms=terms))
    assert pointer.startswith("/contracts/0/terms")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpv", "33141421"),
        ("cpv", "3314142"),
        ("cpv", "33141420-00"),
        ("currency", "SKR"),
        ("option_ends_on", "2028-12-30"),
        ("value_ore", -1),
    ],
)
def test_a_contract_that_says_something_impossible_is_refused_there(name: str, value: Any) -> None:
    assert faults(schemas.NewSupplier, changed("contracts", **{name: value})) == [f"/contracts/0/{name}"]
    right = {"cpv": "33141420", "currency": "EUR", "option_ends_on": "2030-12-31", "value_ore": 0}
    assert loaded(schemas.NewSupplier, changed("contracts", **right))


def test_a_reference_names_one_contract_of_a_supplier() -> None:
    twice = [SUPPLIER["contracts"][0] | {"reference": "A-17"}] * 2
    assert faults(schemas.NewSupplier, SUPPLIER | {"contracts": twice}) == ["/contracts/1/reference"]
    assert loaded(schemas.NewSupplier, SUPPLIER | {"contracts": [SUPPLIER["contracts"][0]] * 2})


WRONG_VALUES = [
    "1e-999999999",
    "0e999999999",
    "0." + "1" * 100_000,
    "٣",
    "1_0",
    "NaN",
    "Infinity",
    DEEP,
    [],
    True,
]


@pytest.mark.parametrize("value", WRONG_VALUES)
def test_an_index_value_that_is_no_published_number_is_named(tx: Transaction, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        import_index(tx, "CPI", 2025, SWE=value, CHN="43")
    assert sorted(refused.value.faults) == ["/values/SWE"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("year", 10**18),
        ("year", 1),
        ("completed_at", "9999-12-31T23:59:59-23:59"),
        ("valid_until", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_an_assessment_of_no_possible_time_is_unreadable(received: Any, name: str, value: Any) -> None:
    with pytest.raises((UnreadableError, ValidationError), match=name):
        received(AssessmentCompleted, completed(NOBODY, **{name: value}))  # type: ignore[arg-type]
    assert loader(AssessmentCompleted).load(completed(NOBODY))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["country", "region"])
@pytest.mark.parametrize("code", ["99", "se", "XX", "1", "", "SE ", "0101"])
def test_a_list_is_not_filtered_by_a_code_that_there_is_not(name: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        schemas.SupplierQuery().load({name: code})
    assert list(refusal.value.messages) == [name]
    assert schemas.SupplierQuery().load({"country": "SE", "region": "01"})["region"] == "01"
