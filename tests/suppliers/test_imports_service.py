"""Imports over HTTP, in running services: streamed, watched, reported; killed, and beside each other."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chassis import tables
from chassis.db import connect
from tests import tokens
from tests.asking import ask
from tests.backbone import wait_until
from tests.suppliers.files import table
from tests.suppliers.replicas import ROWS, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.suppliers.replicas import Replicas


pytestmark = pytest.mark.usefixtures("empty_replicas")


def test_a_file_is_taken_worked_on_and_reported(replicas: Replicas) -> None:
    data = file_of(3) + b"01,,Nameless AB,SE\r\n"
    answer = replicas.post(gzip.compress(data), headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    import_id = answer.json()["import_id"]
    assert answer.headers["Location"] == f"/api/v1/suppliers/imports/{import_id}"
    shown = replicas.await_end(import_id)
    counts = [shown[name] for name in ("state", "rows_total", "rows_accepted", "rows_rejected", "bytes")]
    assert counts == ["done", 4, 3, 1, len(data)]
    [refused] = replicas.get(f"/imports/{import_id}/rows", state="rejected")["items"]
    assert (refused["row_number"], refused["faults"][0]["column"]) == (5, "own_number")
    page = replicas.get(f"/imports/{import_id}/rows", limit=2)
    assert [each["row_number"] for each in page["items"]] == [2, 3]
    rest = replicas.get(f"/imports/{import_id}/rows", limit=2, after=page["next"])
    assert [each["row_number"] for each in rest["items"]] == [4, 5]


def test_the_service_s_log_tells_how_an_import_ended(replicas: Replicas) -> None:
    done, failed = (replicas.post(data).json()["import_id"] for data in (file_of(1), b"hats\n1\n"))
    for import_id, state in ((done, "done"), (failed, "failed")):
        replicas.await_end(import_id)
        told = wait_until(lambda import_id=import_id: finished(replicas, import_id))  # type: ignore[misc]
        assert [line["state"] for line in told] == [state]
        assert told[0]["service"] == "suppliers"


def finished(replicas: Replicas, import_id: str) -> list[dict[str, Any]]:
    """The lines of the service's log about the end of an import."""
    lines = replicas.running[0].log("suppliers").splitlines()
    return [json.loads(line) for line in lines if import_id in line and "import_finished" in line]


def test_own_numbers_are_looked_up_in_one_call(replicas: Replicas) -> None:
    replicas.await_end(replicas.post(file_of(400)).json()["import_id"])
    numbers = [f"L-{number}" for number in range(399, -1, -1)] + ["nobody"]
    body = {"region": "01", "numbers": numbers}
    items = replicas.running[0].send("POST", "suppliers", "/suppliers/lookup", body).json()["items"]
    assert [item["number"] for item in items] == numbers
    assert items[-1]["supplier_id"] is None
    supplier = replicas.get(f"/suppliers/{items[0]['supplier_id']}")
    assert supplier["own_numbers"] == [{"region": "01", "number": "L-399"}]
    too_many = {"region": "01", "numbers": ["x"] * 1001}
    assert replicas.running[0].send("POST", "suppliers", "/suppliers/lookup", too_many).status_code == 422


def test_an_import_is_seen_by_its_own_region_and_the_office_only(replicas: Replicas) -> None:
    mine, theirs = (tokens.OURS.bearer("region", region=code) for code in ("01", "14"))
    import_id = replicas.post(file_of(1), headers=mine).json()["import_id"]
    office = replicas.post(file_of(1)).json()["import_id"]
    url = replicas.running[0].url("suppliers", "/imports")

    def statuses(headers: dict[str, str]) -> list[int]:
        return [
            ask("GET", f"{url}/{i}{p}", headers=headers).status_code
            for i in (import_id, office)
            for p in ("", "/rows")
        ]

    assert statuses(mine) == [200, 200, 404, 404]
    assert statuses(theirs) == [404] * 4
    assert statuses(tokens.OFFICE) == [200] * 4


def test_a_list_has_one_s_own_imports_page_by_page(replicas: Replicas) -> None:
    mine, theirs = (tokens.OURS.bearer("region", region=code) for code in ("01", "14"))
    first, second = (replicas.post(file_of(1), headers=mine).json()["import_id"] for _ in range(2))
    office = replicas.post(b"hats\n1\n", kind="contacts").json()["import_id"]
    for import_id in (first, second, office):
        replicas.await_end(import_id)
    url = replicas.running[0].url("suppliers", "/imports")

    def listed(headers: dict[str, str], **params: Any) -> list[str]:
        answer = ask("GET", url, headers=headers, params=params)
        assert answer.status_code == 200, answer.text
        return [item["import_id"] for item in answer.json()["items"]]

    assert (listed(mine), listed(theirs)) == ([first, second], [])
    assert listed(tokens.OFFICE, sort="-created_at") == [office, second, first]
    assert listed(tokens.OFFICE, state="failed") == listed(tokens.OFFICE, kind="contacts") == [office]
    page = ask("GET", url, headers=mine, params={"limit": 1}).json()
    assert page["items"] == [replicas.get(f"/imports/{first}")]
    assert listed(mine, after=page["next"]) == [second]


@contextmanager
def in_the_middle(replicas: Replicas, data: bytes) -> Iterator[str]:
    """Give an import of which some rows are done, and not all."""
    import_id = replicas.post(data).json()["import_id"]
    wait_until(lambda: 0 < replicas.rows_done() < ROWS, 60)
    yield import_id
    assert replicas.await_end(import_id)["rows_accepted"] == ROWS


def exactly_once(replicas: Replicas) -> None:
    """Every row made one supplier, was reported once, and was told once."""
    db = replicas.db
    assert db.ask("SELECT count(*) FROM supplier") == [ROWS]
    assert db.ask("SELECT state, count(*) FROM import_row GROUP BY 1") == [("made", ROWS)]
    assert db.ask("SELECT count(*), max(version) FROM subject_version") == [(ROWS, 1)]
    assert db.ask("SELECT count(*) FROM import_chunk") == [0]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_worker_is_replaced_and_nothing_doubles(replicas: Replicas) -> None:
    with in_the_middle(replicas, file_of(ROWS)):
        os.kill(wait_until(replicas.worker), signal.SIGKILL)
    exactly_once(replicas)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_worker_ends_with_its_service_and_a_new_one_goes_on(
    replicas: Replicas, number: signal.Signals
) -> None:
    with in_the_middle(replicas, file_of(ROWS)):
        worker = wait_until(replicas.worker)
        replicas.running[0].stop("suppliers", number)
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), 10)
        replicas.running[0].start("suppliers")
        replicas.running[0].await_ready("suppliers")
    exactly_once(replicas)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_replicas_work_beside_each_other_on_the_same_suppliers(replicas: Replicas) -> None:
    replicas.start()
    data = file_of(ROWS)
    first, second = (replicas.post(data).json()["import_id"] for _ in range(2))
    wait_until(lambda: replicas.worker(0) and replicas.worker(1), 30)
    made = [replicas.await_end(import_id) for import_id in (first, second)]
    assert [job["rows_accepted"] for job in made] == [ROWS, ROWS]
    states = dict(replicas.db.ask("SELECT state, count(*) FROM import_row GROUP BY 1"))
    assert states == {"made": ROWS, "unchanged": ROWS}
    assert replicas.db.ask("SELECT count(*) FROM supplier") == [ROWS]


@pytest.mark.slow
def test_requests_are_answered_while_a_file_is_worked_on(replicas: Replicas) -> None:
    import_id = replicas.post(file_of(3000)).json()["import_id"]
    slowest = 0.0
    while replicas.get(f"/imports/{import_id}")["state"] not in {"done", "failed"}:
        begun = time.monotonic()
        replicas.get("/suppliers", limit=1)
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 2  # of a machine that does much else; a chunk in this process would take longer


@pytest.mark.slow
def test_the_real_dirty_registers_are_imported_as_far_as_they_are_right(replicas: Replicas) -> None:
    folder = Path(__file__).parents[2] / "data"
    buyers = (folder / "public_buyers_orgnr.csv").read_text(encoding="utf-8").splitlines()
    head = "orgnr,legal_name,sector,subsector,legal_form,rows_in_source,valid_luhn"
    job = replicas.await_end(replicas.post("\n".join([head, *buyers[1:]]).encode()).json()["import_id"])
    assert "'sector', 'subsector'" in job["reason"]
    # columns that the registry does not have are cut off, as the region would have to
    import csv  # noqa: PLC0415

    rows = list(csv.DictReader(buyers))
    data = table(tables.CSV, [{"orgnr": r["orgnr"], "legal_name": r["name"]} for r in rows])
    job = replicas.await_end(replicas.post(data, imported="true").json()["import_id"])
    wrong = {number for number, each in enumerate(rows, 2) if each["valid_luhn"] == "false"}
    refused = replicas.get(f"/imports/{job['import_id']}/rows", state="rejected", limit=500)["items"]
    assert {each["row_number"] for each in refused} == wrong
    assert job["rows_total"] == len(rows) == 1171
    with closing(connect(replicas.db.dsn)) as tx, tx.cursor() as cursor:
        cursor.execute("SELECT scheme, count(*) FROM identifier GROUP BY scheme")
        kept = dict(cursor.fetchall())
    right = {r["orgnr"]: r["legal_form"] for r in rows if r["valid_luhn"] == "true"}
    persons = [number for number, form in right.items() if form == "Fysiska personer"]
    assert kept == {"orgnr": len(right) - len(persons), "personnr": len(persons)}
    assert len(persons) == 2
