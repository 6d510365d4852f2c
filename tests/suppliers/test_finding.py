"""Finding suppliers: filters, together and alone, in every order; looked at one by one or by the index."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from services.suppliers import schemas, usecases
from services.suppliers.repository import finding
from tests.callers import OFFICE, WHATEVER, page_query
from tests.suppliers.bodies import GLOVES, NOW, SUPPLIER, import_china, loaded, put_gloves, register, supplier

CONTRACT = SUPPLIER["contracts"][0]
# name, country, category -> regions
KNOWN: list[tuple[str, str, dict[str, list[str]]]] = [
    ("Sökens Exempelåkeri AB", "SE", {"handskar": ["01"]}),
    ("Sökens Exempelakeri AB", "SE", {"handskar": ["14"], "garn": ["01"]}),
    ("Café Sökmüller", "NO", {"garn": ["14"]}),
    ("SÖKENS VISIR HB", "SE", {}),
]


@pytest.fixture
def ids(tx: Any) -> list[Any]:
    put_gloves(tx)
    import_china(tx)
    yarn = GLOVES | {"analysis": [None] * 4}
    usecases.categories.put_category(tx, "garn", loaded(schemas.NewCategory, yarn), WHATEVER)
    return [_registered(tx, *each) for each in KNOWN]


def _registered(tx: Any, name: str, country: str, bought: dict[str, list[str]]) -> Any:
    contracts = [CONTRACT | {"category_id": one, "regions": regions} for one, regions in bought.items()]
    new = {"legal_name": name, "country": country, "contracts": contracts}
    return register(tx, supplier(**new))["supplier_id"]


@pytest.fixture(params=[10_000, 0], ids=["looked at", "by index"])
def found(tx: Any, ids: list[Any], request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Which of the known suppliers a search finds, in its order."""
    monkeypatch.setattr(finding, "_LOOKED_AT", request.param)

    def search(**given: Any) -> list[int]:
        query = page_query(schemas.SupplierQuery, **{"limit": 1, "name": "sök", **given})
        places = []
        while True:
            page = usecases.finding.list_suppliers(tx, query, OFFICE)
            places += [ids.index(each["supplier_id"]) for each in page["items"] if each["supplier_id"] in ids]
            if page["next"] is None:
                return places
            query = query | {"after": page["next"]}

    return search


def test_a_part_of_a_name_is_found_as_a_swede_expects(found: Any) -> None:
    assert found() == [0, 1, 2, 3]
    assert found(name="SÖKENS  VISIR") == []
    assert found(name=" SÖKENS v") == [3]
    assert found(name="exempelåk") == [0]
    assert found(name="exempelak") == [1]
    assert found(name="cafe sökmuller") == found(name="CAFÉ SÖKMÜLLER") == found(name="ökmüll") == [2]
    assert found(name="cafe\u0301 so\u0308k") == [2]
    assert found(name="sök%") == []


def test_filters_hold_all_at_once(found: Any) -> None:
    assert found(category_id="handskar") == [0, 1]
    assert found(category_id="garn", country="SE") == [1]
    assert found(region="01") == [0, 1]
    assert found(category_id="handskar", region="01") == [0]
    assert found(category_id="garn", region="14") == [2]
    assert found(country="DK") == []


def test_a_band_is_that_of_the_worst_case(found: Any) -> None:
    assert found(band="high") == [0, 1]
    assert found(band="no_data") == [2]
    assert found(band="low") == []
    assert found(band="high", category_id="garn") == [1]


def test_orders_are_walked_in_pages(found: Any) -> None:
    assert found(sort="legal_name") == [2, 1, 0, 3]
    assert found(sort="-legal_name") == [3, 0, 1, 2]
    assert found(sort="-registered_at", region="01") == [1, 0]


def test_archived_suppliers_are_found_where_they_are_asked_for(tx: Any, ids: list[Any], found: Any) -> None:
    body = loaded(schemas.Status, {"status": "archived", "reason": "Upphört"})
    usecases.registry.set_status(tx, ids[3], body, OFFICE, NOW)
    assert found() == [0, 1, 2]
    assert found(status="archived") == [3]
    assert found(status="active") == [0, 1, 2]


def test_an_identifier_finds_who_has_it(tx: Any) -> None:
    put_gloves(tx)
    kept = register(tx, supplier(identifiers={"gln": "7300010000001"}))
    query = page_query(schemas.SupplierQuery, identifier="gln:7300010-000001")
    [one] = usecases.finding.list_suppliers(tx, query, OFFICE)["items"]
    assert one["supplier_id"] == kept["supplier_id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "AB"),
        ("name", " ab "),
        ("name", "&&&"),
        ("identifier", "personnr:191212121212"),
        ("identifier", "orgnr:121212+1212"),
        ("identifier", "gln:1"),
        ("identifier", "7300010000001"),
        ("band", "severe"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        schemas.SupplierQuery().load({name: value})
    assert list(refused.value.messages) == [name]
    assert "1212" not in str(refused.value)
