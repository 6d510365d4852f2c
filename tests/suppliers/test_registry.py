"""Registering suppliers, categories and country indices: what is kept, told and refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from marshmallow import ValidationError

from chassis.errors import Conflict, Invalid, NotFound
from chassis.http.reading import pointers
from services.suppliers import repository, schemas, usecases
from tests.callers import OFFICE, WHATEVER, page_query
from tests.suppliers.bodies import (
    GLOVES,
    NOW,
    SUPPLIER,
    UNSAID_OF_CONTRACT,
    UNSAID_OF_SITE,
    import_china,
    import_index,
    loaded,
    put_gloves,
    register,
    supplier,
)

if TYPE_CHECKING:
    from chassis.db import Transaction

Emitted = "Callable[[Transaction], list[dict[str, Any]]]"

TOLD = ("supplier_id", "legal_name", "country", "status", "language", "identifiers", "contacts", "sites")


def test_a_registered_supplier_is_kept_whole_with_ids(tx: Transaction) -> None:
    put_gloves(tx)
    kept = register(tx, loaded(schemas.NewSupplier, SUPPLIER))

    [contact], [contract] = kept["contacts"], kept["contracts"]
    factory, raw_material = kept["sites"]
    assert kept == {
        "supplier_id": kept["supplier_id"],
        "version": 1,
        "imported": False,
        "shown": "whole",
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "status": "active",
        "status_reason": None,
        "status_since": None,
        "areas": ["F"],
        "categories": ["handskar"],
        "countries": ["CN"],
        "language": "sv",
        "registered_at": NOW,
        "identifiers": {"orgnr": "5565436168", "gln": "7300010000001"},
        "contacts": [SUPPLIER["contacts"][0] | {"contact_id": contact["contact_id"]}],
        "sites": [
            SUPPLIER["sites"][0] | UNSAID_OF_SITE | {"site_id": factory["site_id"]},
            SUPPLIER["sites"][1] | UNSAID_OF_SITE | {"site_id": raw_material["site_id"]},
        ],
        "contracts": [
            SUPPLIER["contracts"][0] | UNSAID_OF_CONTRACT | {"contract_id": contract["contract_id"]}
        ],
        "own_numbers": [],
        "merged_ids": [],
    }
    assert usecases.registry.get_supplier(tx, kept["supplier_id"], OFFICE) == kept


def test_a_registered_supplier_is_told_without_what_is_nobody_elses(tx: Transaction, emitted: Any) -> None:
    put_gloves(tx)
    kept = register(tx, loaded(schemas.NewSupplier, SUPPLIER))
    [contract], [factory, _] = kept["contracts"], kept["sites"]
    told = next(event for event in emitted(tx) if event["type"] == "supplier_registered")
    shared = {name: factory[name] for name in ("site_id", "tier", "country", "category_ids")}
    assert told == {
        "type": "supplier_registered",
        "subject": str(kept["supplier_id"]),
        "version": 1,
        "data": {name: kept[name] for name in TOLD}
        | {"supplier_id": str(kept["supplier_id"]), "sites": [shared]}  # no names, no second tier
        | {"contracts": [{name: value for name, value in contract.items() if name != "version"}]},
    }


def test_an_identifier_belongs_to_one_supplier(tx: Transaction) -> None:
    put_gloves(tx)
    register(tx, supplier(identifiers={"lei": "213800KUD8LAJWSQ9D15"}))
    register(tx, supplier())  # one without identifiers conflicts with nobody
    with pytest.raises(Conflict):
        register(tx, supplier(identifiers={"lei": "2138 00KU D8LA JWSQ 9D15"}))


WRONG = {
    "legal_name": "",
    "country": "ZZ",
    "identifiers": {
        "orgnr": "2120001050",
        "vat": "SE556543616801X",
        "lei": "1",
        "gln": "7300010000002",
        "x": "1",
    },
    "contacts": [{"name": "Kim", "email": "kim", "language": "de"}],
    "sites": [{"name": "A", "tier": -1, "country": "CHN", "category_ids": ["Gloves!"]}],
    "contracts": [
        {
            "category_id": "handskar",
            "regions": ["01", "02"],
            "clause_level": "strict",
            "clause_version": "1",
            "starts_on": "2025-01-01",
            "ends_on": "2024-12-31",
            "value_ore": 1.5,
        }
    ],
    "colour": "red",
}


def test_every_wrong_field_of_a_supplier_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        loaded(schemas.NewSupplier, WRONG)
    assert sorted(pointers(refused.value.messages)) == [
        "/colour",
        "/contacts/0/email",
        "/contacts/0/language",
        "/contacts/0/role",
        "/contracts/0/clause_level",
        "/contracts/0/ends_on",
        "/contracts/0/regions/1",
        "/contracts/0/value_ore",
        "/country",
        "/identifiers/gln",
        "/identifiers/lei",
        "/identifiers/orgnr",
        "/identifiers/vat",
        "/identifiers/x",
        "/language",
        "/legal_name",
        "/sites/0/category_ids/0",
        "/sites/0/country",
        "/sites/0/tier",
    ]


def test_a_contract_does_not_end_before_it_starts() -> None:
    contract = SUPPLIER["contracts"][0] | {"ends_on": "2024-12-31"}
    with pytest.raises(ValidationError) as refused:
        supplier(contracts=[contract])
    assert sorted(pointers(refused.value.messages)) == ["/contracts/0/ends_on"]


def test_every_unknown_category_is_named(tx: Transaction) -> None:
    put_gloves(tx)
    site = SUPPLIER["sites"][0] | {"category_ids": ["handskar", "tyg"]}
    contract = SUPPLIER["contracts"][0] | {"category_id": "garn"}
    with pytest.raises(Invalid) as refused:
        register(tx, supplier(sites=[site], contracts=[contract]))
    assert sorted(refused.value.faults) == ["/contracts/0/category_id", "/sites/0/category_ids/1"]


def test_suppliers_are_listed_in_pages_and_by_category(tx: Transaction) -> None:
    put_gloves(tx)
    usecases.categories.put_category(tx, "garn", loaded(schemas.NewCategory, GLOVES), WHATEVER)
    yarn = SUPPLIER["contracts"][0] | {"category_id": "garn"}
    made = [register(tx, supplier(contracts=[yarn]))["supplier_id"] for _ in range(3)]
    register(tx, supplier())

    asked = page_query(schemas.SupplierQuery, limit=2, category_id="garn")
    first = usecases.finding.list_suppliers(tx, asked, OFFICE)
    second = usecases.finding.list_suppliers(tx, asked | {"after": first["next"]}, OFFICE)
    assert [row["supplier_id"] for row in first["items"] + second["items"]] == made
    assert (len(first["items"]), second["next"]) == (2, None)


def test_an_unknown_supplier_is_not_found(tx: Transaction) -> None:
    nobody = UUID("01938f3e-0000-7000-8000-000000000000")
    for ask in (usecases.registry.get_supplier, usecases.risk.get_risk):
        with pytest.raises(NotFound, match=r"^There is no such [a-z ]+\.$"):
            ask(tx, nobody, OFFICE)


def test_a_category_is_told_when_it_is_new_or_different_and_only_then(tx: Transaction, emitted: Any) -> None:
    put_gloves(tx)
    put_gloves(tx)
    put_gloves(tx, responsible_area=None)
    told = {"category_id": "handskar", **GLOVES}
    assert emitted(tx) == [
        {"type": "category_changed", "subject": "handskar", "version": 1, "data": told},
        {
            "type": "category_changed",
            "subject": "handskar",
            "version": 2,
            "data": told | {"responsible_area": None},
        },
    ]
    [kept] = usecases.categories.list_categories(tx, page_query(schemas.CategoryQuery))["items"]
    analysis = [entry | {"reasons": None, "sources": []} for entry in GLOVES["analysis"]]
    own = {
        "parent_id": None,
        "effective_area": None,
        "analysis": analysis,
        "analysis_version": 1,
        "version": 2,
    }
    assert kept._asdict() == told | {"responsible_area": None} | own


def test_a_category_has_a_slug_and_four_analyses(tx: Transaction) -> None:
    with pytest.raises(ValidationError):
        loaded(schemas.CategoryPath, {"category_id": "Handskar & visir"})
    analysis = [{"likelihood": 0, "severity": 6, "valid_until": "soon"}, None, None]
    with pytest.raises(ValidationError) as refused:
        loaded(schemas.NewCategory, GLOVES | {"analysis": analysis, "responsible_area": "I"})
    assert sorted(pointers(refused.value.messages)) == [
        "/analysis/0/likelihood",
        "/analysis/0/severity",
        "/analysis/0/valid_until",
        "/responsible_area",
    ]


def test_every_wrong_value_of_an_index_is_named(tx: Transaction) -> None:
    published = {"SWE": "5+", "CHN": "6", "USA": "2.5", "DEU": 7, "XXX": "1", "NOR": None, "DNK": 1}
    with pytest.raises(Invalid) as refused:
        import_index(tx, "ITUC_GRI", 2026, **published)
    assert sorted(refused.value.faults) == ["/values/DEU", "/values/NOR", "/values/USA", "/values/XXX"]
    with pytest.raises(NotFound, match=r"^There is no such [a-z ]+\.$"):
        import_index(tx, "HDI", 2022, SWE="0.9")


def test_an_import_replaces_the_whole_year(tx: Transaction) -> None:
    import_index(tx, "CPI", 2025, SWE="80", CHN="43")
    import_index(tx, "CPI", 2025, SWE="82.0")
    [row] = usecases.countries.list_country_indices(tx, page_query(schemas.DatasetQuery))["items"]
    assert row._asdict() == {"index": "CPI", "year": 2025, "version": 2, "imported_at": NOW, "countries": 1}


def test_a_country_missing_from_the_newest_year_has_no_data(tx: Transaction) -> None:
    put_gloves(tx)
    import_china(tx)
    import_index(tx, "CPI", 2024, CHN="43")
    import_index(tx, "CPI", 2026, SWE="82")
    kept = register(tx, supplier())
    [case] = repository.scores.cases_to_score(tx, [(kept["supplier_id"], "handskar")])
    assert case.inputs["indices"]["CPI"] == {}
    assert case.inputs["indices"]["EPI"] == {"CN": Decimal("35.5")}
    assert case.inputs["datasets"]["CPI"] == 2026
