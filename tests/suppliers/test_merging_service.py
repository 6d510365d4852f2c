"""Duplicates and merges over HTTP, and what the other services make of them, over a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests

from tests.asking import ask
from tests.backbone import wait_until
from tests.suppliers.bodies import GLOVES, SUPPLIER
from tests.tokens import OFFICE, OURS

if TYPE_CHECKING:
    from tests.harness import Platform

EDITABLE = ("legal_name", "country", "language", "identifiers", "contacts")
WHY = "Registered by two regions."


@pytest.fixture(scope="module")
def suppliers(platform: Platform) -> Platform:
    """The platform with the category that contracts are in."""
    assert platform.send("PUT", "suppliers", "/categories/handskar", GLOVES).status_code in {200, 201}
    return platform


def pair_of(suppliers: Platform) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Two suppliers of one name, and the pair that they are."""
    name = f"Exempel {uuid4().hex}"
    made = [
        suppliers.send(
            "POST", "suppliers", "/suppliers", SUPPLIER | {"identifiers": {}, "legal_name": f"{name} {form}"}
        ).json()
        for form in ("AB", "Aktiebolag")
    ]
    [pair] = suppliers.get("suppliers", "/duplicates", supplier_id=made[0]["supplier_id"], state="open")[
        "items"
    ]
    return made[0], made[1], pair


def decide(suppliers: Platform, pair: dict[str, Any], what: str, body: dict[str, Any]) -> Any:
    return suppliers.send("POST", "suppliers", f"/duplicates/{pair['duplicate_id']}/{what}", body)


def test_a_pair_is_read_and_rejected_once(suppliers: Platform) -> None:
    one, other, pair = pair_of(suppliers)
    assert {pair["one"], pair["other"]} == {one["supplier_id"], other["supplier_id"]}
    assert (pair["reasons"], pair["state"]) == (["name"], "open")
    answer = decide(suppliers, pair, "rejection", {"reason": "Two companies of a group."})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    assert decide(suppliers, pair, "rejection", {"reason": "Again."}).status_code == 409
    assert (
        decide(suppliers, pair, "confirmation", {"survivor_id": pair["one"], "reason": WHY}).status_code
        == 409
    )
    assert suppliers.get("suppliers", f"/duplicates/{pair['duplicate_id']}") == answer.json()


def told_of(suppliers: Platform, pair: dict[str, Any], headers: dict[str, str]) -> list[str]:
    """What the changes tell somebody of a pair."""
    since, found = "0", []
    while True:
        url = suppliers.url("suppliers", f"/changes?since={since}&limit=500")
        page = ask("GET", url, headers=headers).json()
        found += [each for each in page["items"] if each["id"] == pair["duplicate_id"]]
        if page["next"] == since:
            return [each["kind"] for each in found]
        since = page["next"]


def test_who_may_read_pairs_hears_of_them_and_of_decisions_in_the_changes(suppliers: Platform) -> None:
    _, _, pair = pair_of(suppliers)
    decide(suppliers, pair, "rejection", {"reason": "Two companies of a group."})
    region, reader = (
        OURS.bearer("region", region="12"),
        OURS.bearer("region", region="12", scope="suppliers:read changes:read"),
    )
    wait_until(lambda: told_of(suppliers, pair, region) == ["created", "changed"], 20)
    assert told_of(suppliers, pair, reader) == []


CLAIMS = {"region": {"region": "01"}, "client": {"region": "01"}, "area_coordinator": {"area": "F"}}


@pytest.mark.parametrize("role", [*CLAIMS, "operations"])
def test_only_the_office_decides_pairs(suppliers: Platform, role: str) -> None:
    headers = OURS.bearer(role, **CLAIMS.get(role, {}))
    for path in (
        f"/duplicates/{uuid4()}/rejection",
        f"/duplicates/{uuid4()}/confirmation",
        f"/suppliers/{uuid4()}/merge",
    ):
        assert ask("POST", suppliers.url("suppliers", path), headers=headers).status_code == 403


@pytest.mark.parametrize("role", CLAIMS)
def test_who_enters_suppliers_sees_what_may_be_one_but_not_who_decided_and_why(
    suppliers: Platform, role: str
) -> None:
    one, _, pair = pair_of(suppliers)
    decided = decide(suppliers, pair, "rejection", {"reason": "Two companies of a group."}).json()
    assert None not in (decided["decided_by"], decided["decision_reason"])
    headers = OURS.bearer(role, **CLAIMS[role])
    listed = ask(
        "GET", suppliers.url("suppliers", f"/duplicates?supplier_id={one['supplier_id']}"), headers=headers
    )
    shown = ask("GET", suppliers.url("suppliers", f"/duplicates/{pair['duplicate_id']}"), headers=headers)
    expected = {**decided, "decided_by": None, "decision_reason": None}
    assert (listed.json()["items"], shown.json()) == ([expected], expected)


def test_an_old_id_goes_on_working_wherever_it_stands(suppliers: Platform) -> None:
    survivor, absorbed, pair = pair_of(suppliers)
    answer = decide(suppliers, pair, "confirmation", {"survivor_id": survivor["supplier_id"], "reason": WHY})
    assert (answer.status_code, answer.json()["state"]) == (200, "merged")
    old, new = (f"/suppliers/{each['supplier_id']}" for each in (absorbed, survivor))
    now = suppliers.get("suppliers", new)
    assert now["merged_ids"] == [absorbed["supplier_id"]]
    assert len(now["contracts"]) == 2
    for path in ("", "/risk", "/risk/history"):
        assert suppliers.get("suppliers", old + path) == suppliers.get("suppliers", new + path)
    read = ask("GET", suppliers.url("suppliers", old))
    change = {name: now[name] for name in EDITABLE} | {"language": "en"}
    headers = {"If-Match": read.headers["ETag"]}
    written = ask("PUT", suppliers.url("suppliers", old), json=change, headers=headers)
    assert (written.status_code, written.json()["supplier_id"]) == (200, survivor["supplier_id"])
    assert ask("PUT", suppliers.url("suppliers", old), json=change, headers=headers).status_code == 412
    table = ask(
        "GET", suppliers.url("suppliers", f"{old}/risk/history"), headers={"Accept": "application/x-ndjson"}
    )
    assert table.status_code == 200
    again = suppliers.send(
        "POST", "suppliers", f"{old}/merge", {"absorbed_ids": [survivor["supplier_id"]], "reason": WHY}
    )
    assert again.status_code == 409
    assert ask("GET", suppliers.url("suppliers", f"/suppliers/{uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("status", {"status": "inactive", "reason": "Vilande"}),
        ("own-numbers/removal", {"region": "01", "number": "A-1", "reason": "Fel"}),
        ("merge", {"absorbed_ids": [str(uuid4())], "reason": WHY}),
    ],
)
def test_who_changes_a_supplier_says_which_version_of_it(
    suppliers: Platform, part: str, body: dict[str, Any]
) -> None:
    made = suppliers.send("POST", "suppliers", "/suppliers", SUPPLIER | {"identifiers": {}}).json()
    url = suppliers.url("suppliers", f"/suppliers/{made['supplier_id']}")
    assert requests.post(f"{url}/{part}", json=body, headers=OFFICE, timeout=20).status_code == 428
    passed = {"If-Match": '"7-internal"'}
    expected = 422 if part == "merge" else 412  # that there is nobody to absorb is told first
    assert ask("POST", f"{url}/{part}", json=body, headers=passed).status_code == expected


def test_changes_say_into_what_an_id_was_merged(suppliers: Platform) -> None:
    survivor, absorbed, _ = pair_of(suppliers)
    body = {"absorbed_ids": [absorbed["supplier_id"]], "reason": WHY}
    path = f"/suppliers/{survivor['supplier_id']}/merge"
    assert suppliers.send("POST", "suppliers", path, body).json()["merged_ids"] == body["absorbed_ids"]

    def told() -> Any:
        since, found = "0", []
        while True:
            page = suppliers.get("suppliers", "/changes", since=since, limit=500, resource="supplier")
            found += [each for each in page["items"] if each["id"] == absorbed["supplier_id"]]
            if page["next"] == since:
                return [each for each in found if each["kind"] == "merged"]
            since = page["next"]

    [change] = wait_until(told, 20)
    assert change["into"] == survivor["supplier_id"]


def test_the_other_services_take_it_in(suppliers: Platform) -> None:
    survivor, absorbed, pair = pair_of(suppliers)
    ids = [survivor["supplier_id"], absorbed["supplier_id"]]
    for each in ids:
        wait_until(lambda each=each: suppliers.get("audits", "/cases", supplier_id=each)["items"], 40)
    decide(suppliers, pair, "confirmation", {"survivor_id": ids[0], "reason": WHY})

    def moved() -> Any:
        cases = suppliers.get("audits", "/cases", supplier_id=ids[1])["items"]
        return [case["supplier_id"] for case in cases] == [ids[0]]

    wait_until(moved, 40)
    assert suppliers.get("audits", f"/cases/{ids[1]}/handskar")["supplier_id"] == ids[0]
    for service, path in (("assessments", "/assessments"), ("notifications", "/notices")):
        same = [suppliers.get(service, path, supplier_id=each)["items"] for each in ids]
        assert same[0] == same[1]
