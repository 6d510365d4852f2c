"""The running service over real HTTP and a real broker."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from chassis import clock, outbox
from chassis.db import connect
from chassis.events import Event
from services.assessments.events import AssessmentCompleted
from tests.asking import ask
from tests.backbone import wait_until
from tests.suppliers.bodies import GLOVES, ISO3, SUPPLIER, YEARS, completed
from tests.suppliers.builders import CHINA


@pytest.fixture(scope="module")
def suppliers(platform: Any) -> Any:
    """The platform with the category and country data that a score needs."""
    for index, value in CHINA.items():
        path = f"/country-indices/{index}/{YEARS.get(index, 2023)}"
        answer = platform.send("PUT", "suppliers", path, {"values": {ISO3["CN"]: value}})
        assert (answer.status_code in (200, 201), answer.json()["countries"]) == (True, 1)
    assert platform.send("PUT", "suppliers", "/categories/handskar", GLOVES).status_code in (200, 201)
    return platform


def register(suppliers: Any, **changes: Any) -> Any:
    return suppliers.send("POST", "suppliers", "/suppliers", SUPPLIER | {"identifiers": {}} | changes)


def test_a_supplier_is_registered_and_read_with_its_first_score(suppliers: Any) -> None:
    answer = register(suppliers, identifiers={"vat": "SE 556543616801"})
    made = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (
        201,
        f"/api/v1/suppliers/suppliers/{made['supplier_id']}",
    )
    assert made["identifiers"] == {"vat": "SE556543616801"}
    assert ask("GET", suppliers.base("suppliers") + answer.headers["Location"]).json() == made
    # other tests have registered more than one page of them
    newest_first = suppliers.get("suppliers", "/suppliers", sort="-registered_at")["items"]
    assert made == newest_first[0]
    assert register(suppliers, identifiers={"vat": "SE556543616801"}).status_code == 409

    risk = suppliers.get("suppliers", f"/suppliers/{made['supplier_id']}/risk")
    assert risk["headline"] == {"category_id": "handskar", "score": 72.3, "band": "high"}
    assert risk["cases"][0]["areas"]["human_rights"] == {
        "country": 58.0315,
        "category": 80.0,
        "inherent": 69.01575,
        "partial": False,
        "mitigation": 0.0,
        "residual": 69.01575,
    }


def test_a_refusal_names_every_wrong_field(suppliers: Any) -> None:
    answer = register(suppliers, legal_name="", country="ZZ", identifiers={"orgnr": "1"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/country", "/identifiers/orgnr", "/legal_name"]


def test_an_assessment_event_rescores_the_case_and_the_history_tells(suppliers: Any) -> None:
    supplier_id = register(suppliers).json()["supplier_id"]
    now = clock.now()
    data = completed(supplier_id, completed_at=now, valid_until=now + timedelta(days=365), since=now)
    with closing(connect(suppliers.env["assessments"]["DATABASE_URL"])) as tx:
        event = Event(schema=AssessmentCompleted, subject=f"{supplier_id}/handskar", data=data)
        [cause] = outbox.emit(tx, [event])
        tx.commit()

    path = f"/suppliers/{supplier_id}/risk"
    wait_until(lambda: suppliers.get("suppliers", path)["cases"][0]["stage"])
    [case] = suppliers.get("suppliers", path)["cases"]
    assert (case["stage"], case["previous_score"], case["causes"]) == ("reviewed", 72.3, [str(cause)])
    assert case["score"] < case["previous_score"]
    history = suppliers.get("suppliers", f"{path}/history", category_id="handskar")
    assert [row["score"] for row in history["items"]] == [72.3, case["score"]]
    assert 'suppliers_by_band{band="high"' in suppliers.ops("suppliers", "/metrics").text


def test_a_case_without_data_has_an_empty_score_in_a_table_and_never_0(suppliers: Any) -> None:
    unknown = {"names": {"sv": "Utan uppgift", "en": "Without data"}, "analysis": [None] * 4}
    put = suppliers.send("PUT", "suppliers", "/categories/utan-uppgift", unknown)
    assert put.status_code in (200, 201), put.text
    [contract] = SUPPLIER["contracts"]
    made = register(suppliers, sites=[], contracts=[contract | {"category_id": "utan-uppgift"}]).json()
    url = suppliers.url("suppliers", f"/suppliers/{made['supplier_id']}/risk/history")
    table = ask("GET", url, headers={"Accept": "text/csv"})
    [row] = csv.DictReader(io.StringIO(table.text))
    assert [row[name] for name in ("score", "band")] == ["", "no_data"]
    assert [row[name] for name in ("previous_score", "previous_band")] == ["", ""]
    terms = ("country", "category", "inherent", "residual")
    assert {area[term] for area in json.loads(row["areas"]).values() for term in terms} == {None}


@pytest.mark.parametrize(
    ("term", "pointer"),
    [
        ('{"vite_cap_ore":' * 20 + "1" + "}" * 20, "/contracts/0/terms/vite_cap_ore"),
        ('{"vite_cap_ore": 1e308}', "/contracts/0/terms/vite_cap_ore"),
        ('{"vite_cap_ore": 12345678901234567890123456789012}', "/contracts/0/terms/vite_cap_ore"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused_by_name(suppliers: Any, term: str, pointer: str) -> None:
    body = json.dumps(SUPPLIER | {"identifiers": {}}).replace('{"remedy_days": 30}', term)
    assert term in body
    url = suppliers.url("suppliers", "/suppliers")
    answer = ask("POST", url, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("value", ["1e-999999999", "0." + "1" * 100_000, "NaN", "Infinity"])
def test_an_index_value_that_cannot_be_kept_is_refused_by_its_country(suppliers: Any, value: str) -> None:
    answer = suppliers.send("PUT", "suppliers", "/country-indices/CPI/2024", {"values": {"SWE": value}})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (
        422,
        ["/values/SWE"],
    )
