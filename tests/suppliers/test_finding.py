"""Finding suppliers: filters, together and alone, in every order; looked at one by one or by the index."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from chassis import sql
from chassis.errors import Forbidden, Invalid
from services.suppliers import schemas, usecases
from services.suppliers.repository import finding, registry
from tests.callers import OFFICE, WHATEVER, caller, page_query
from tests.suppliers.bodies import GLOVES, SUPPLIER, import_china, loaded, put_gloves, register, supplier
from tests.suppliers.merges import merge
from tests.suppliers.parts import by

STOCKHOLM, SKANE = (caller("region", region=code) for code in ("01", "12"))
GLOVES_AREA, OTHER_AREA = (caller("area_coordinator", area=area) for area in "FA")
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


WAYS = {
    "looked at": (10_000, 0, 10_000),
    "by index": (0, 10_000, 10_000),
    "by index, the band last": (0, 10_000, 0),
    "looked further": (1, 0, 10_000),
}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def found(tx: Any, ids: list[Any], request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Which of the known suppliers a search finds, in its order."""
    for name, rows in zip(("_LOOKED_AT", "_MOST_SORTED", "_FEW"), request.param, strict=True):
        monkeypatch.setattr(finding, name, rows)

    def search(actor: Any = OFFICE, **given: Any) -> list[int]:
        query = page_query(schemas.SupplierQuery, **{"limit": 1, "name": "sök", **given})
        places = []
        while True:
            page = usecases.finding.list_suppliers(tx, query, actor)
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


def test_a_band_alone_is_found_in_every_order(found: Any) -> None:
    assert found(name=None, band="high") == [0, 1]
    assert found(name=None, band="no_data", limit=3) == [2]
    assert found(name=None, band="high", sort="legal_name") == [1, 0]
    assert found(name=None, band="high", sort="-legal_name") == [0, 1]
    assert found(name=None, band="high", sort="-registered_at") == [1, 0]


def test_a_band_is_found_by_the_cases_that_are_the_callers_own(found: Any) -> None:
    assert found(STOCKHOLM, band="high") == [0]
    assert found(STOCKHOLM, band="no_data") == [1]  # its own case there: another's is worse
    assert found(SKANE, band="high") == found(SKANE, band="no_data") == []
    assert found(GLOVES_AREA, band="high") == [0, 1]
    assert found(OTHER_AREA, band="high") == found(OTHER_AREA, band="no_data") == []


def test_who_buys_from_whom_is_found_among_what_is_shown_whole(tx: Any, ids: list[Any], found: Any) -> None:
    assert found(STOCKHOLM, region="14") == [1]
    assert found(SKANE, region="01") == found(OTHER_AREA, region="01") == []
    assert found(GLOVES_AREA, region="14") == [1, 2]
    assert found(SKANE, region="14", category_id="garn") == []
    row = {"region": "12", "number": "L-1", "supplier_id": str(ids[2])}
    registry.queries.insert_own_numbers(tx, rows=sql.rows([row]))
    assert found(SKANE, region="14", category_id="garn") == []  # its own number shows it nothing of others'
    own = loaded(schemas.Contract, CONTRACT | {"regions": ["12"]})
    usecases.contracts.add_contract(tx, ids[2], own, by())
    assert found(SKANE, region="14", category_id="garn") == [2]


def test_one_that_is_absorbed_between_two_statements_is_left_out(
    tx: Any, ids: list[Any], found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = registry.suppliers_by_id

    def late(tx: Any, wanted: Any) -> Any:
        monkeypatch.setattr(registry, "suppliers_by_id", read)
        merge(tx, ids[0], ids[1])
        return read(tx, wanted)

    monkeypatch.setattr(registry, "suppliers_by_id", late)
    assert found(limit=100) == [0, 2, 3]


def test_orders_are_walked_in_pages(found: Any) -> None:
    assert found(sort="legal_name") == [2, 1, 0, 3]
    assert found(sort="-legal_name") == [3, 0, 1, 2]
    assert found(sort="-registered_at", region="01") == [1, 0]


def test_archived_suppliers_are_found_where_they_are_asked_for(tx: Any, ids: list[Any], found: Any) -> None:
    body = loaded(schemas.Status, {"status": "archived", "reason": "Upphört"})
    usecases.registry.set_status(tx, ids[3], body, by())
    assert found() == [0, 1, 2]
    assert found(status="archived") == [3]
    assert found(status="active") == [0, 1, 2]


def test_an_identifier_finds_who_has_it_archived_ones_too(tx: Any) -> None:
    put_gloves(tx)
    kept = register(tx, supplier(identifiers={"gln": "7300010000001"}, contracts=[]))
    query = page_query(schemas.SupplierQuery, identifier="gln:7300010-000001")
    for _ in range(2):
        [one] = usecases.finding.list_suppliers(tx, query, OFFICE)["items"]
        assert one["supplier_id"] == kept["supplier_id"]
        body = loaded(schemas.Status, {"status": "archived", "reason": "Upphört"})
        usecases.registry.set_status(tx, kept["supplier_id"], body, by())
    active = page_query(schemas.SupplierQuery, identifier="gln:7300010-000001", status="active")
    assert usecases.finding.list_suppliers(tx, active, OFFICE)["items"] == []


def test_a_region_looks_up_its_own_register_and_few_persons_at_once(tx: Any) -> None:
    put_gloves(tx)
    kept = register(tx, supplier(own_numbers=[{"region": "14", "number": "L-1"}], contracts=[]))
    asked = {"region": "14", "numbers": ["L-1"]}
    for who in (OFFICE, caller("region", region="14"), caller("client", region="14")):
        [item] = usecases.finding.look_up(tx, asked, who)["items"]
        assert item["supplier_id"] == kept["supplier_id"]
    for who in (STOCKHOLM, GLOVES_AREA):
        with pytest.raises(Forbidden):
            usecases.finding.look_up(tx, asked, who)
    persons = {"scheme": "orgnr", "numbers": ["121212+1212"] * 10 + ["5560747569"] * 20}
    assert len(usecases.finding.look_up(tx, persons, STOCKHOLM)["items"]) == 30
    persons["numbers"].append("19121212-1212")
    with pytest.raises(Invalid):
        usecases.finding.look_up(tx, persons, STOCKHOLM)
    assert len(usecases.finding.look_up(tx, persons, OFFICE)["items"]) == 31


@pytest.mark.parametrize(
    "part", ["556543-6168", "191212121213", "1912121212123", "2012-12-12", "Exempel 121212", "121302-1212"]
)
def test_a_part_of_a_name_may_have_digits_that_are_no_persons_number(part: str) -> None:
    assert schemas.SupplierQuery().load({"name": part})["name"] == part


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "AB"),
        ("name", " ab "),
        ("name", "&&&"),
        ("name", "191212121212"),
        ("name", " 1912 12 12 1212 "),
        ("name", "19121212-1212"),
        ("name", "121212-1212"),
        ("name", "121212+1212"),
        ("name", "121212 - 1212"),
        ("name", "121212\u20131212"),
        ("name", "121212.1212"),
        ("name", "\uff11\uff1912121212\uff11\uff12"),
        ("name", "701063-2391"),
        ("name", "SE121212121201"),
        ("name", "personnr:191212121212"),
        ("name", "Exempel (121212-1212) textil"),
        ("name", "ES54362315K"),
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
