"""Imports in a running service beside each other: turns, cancelling, limits, encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chassis.ids import uuid7
from tests import tokens
from tests.asking import ask
from tests.backbone import wait_until
from tests.suppliers.replicas import file_of

if TYPE_CHECKING:
    from tests.suppliers.replicas import Replicas


pytestmark = pytest.mark.usefixtures("empty_replicas")
LONG = 60_000  # rows: over a minute of work


def region(code: str) -> dict[str, str]:
    return tokens.OURS.bearer("client", region=code)


def cancel(replicas: Replicas, import_id: str, headers: dict[str, str] | None = None) -> Any:
    url = replicas.running[0].url("suppliers", f"/imports/{import_id}")
    return ask("DELETE", url, headers=headers or tokens.OFFICE)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_small_file_has_its_turn_while_anothers_long_one_runs(replicas: Replicas) -> None:
    long = replicas.post(file_of(LONG)).json()["import_id"]
    wait_until(lambda: replicas.get(f"/imports/{long}")["rows_accepted"], 60)
    for code in ("12", "14"):
        data = file_of(3, start=LONG).replace(b"01,L", f"{code},L".encode())
        small = replicas.post(data, headers=region(code)).json()["import_id"]
        assert replicas.await_end(small)["rows_accepted"] == 3
        assert replicas.get(f"/imports/{long}")["state"] == "running"
    assert cancel(replicas, long).json()["state"] == "cancelled"
    wait_until(lambda: not replicas.worker(), 30)
    kept = replicas.get(f"/imports/{long}")
    assert (kept["state"], kept["phase"]) == ("cancelled", None)
    assert replicas.db.ask("SELECT count(*) FROM import_row WHERE job_id = %s", long) == [
        kept["rows_accepted"]
    ]


def test_an_import_is_cancelled_by_those_who_see_it(replicas: Replicas) -> None:
    mine = replicas.post(file_of(3), headers=region("01")).json()["import_id"]
    assert cancel(replicas, mine, region("14")).status_code == 404
    assert cancel(replicas, mine, region("01")).status_code == 200
    assert cancel(replicas, str(uuid7())).status_code == 404


def test_who_has_twenty_files_waiting_is_told_when_to_come_again(replicas: Replicas) -> None:
    job = """INSERT INTO import_job (job_id, kind, media_type, bytes, dry_run, imported, state, actor, owner,
        correlation_id, created_at, turn_at)
    SELECT gen_random_uuid(), 'suppliers', 'text/csv', 1, false, false, 'waiting', '{"claims": {}}',
        'region 01', 'c', now(), now() + interval '1 hour' FROM generate_series(1, 20)"""
    replicas.db.ask_and_keep(job)
    refused = replicas.post(file_of(1), headers=region("01"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "cancel one" in refused.json()["detail"]
    assert replicas.db.ask("SELECT count(*) FROM import_chunk") == [0]
    assert replicas.post(file_of(1), headers=region("14")).status_code == 202


def test_the_encoding_that_a_sender_names_is_used(replicas: Replicas) -> None:
    data = "region,own_number,legal_name,country\n01,L-1,Exempel Växjö AB,SE\n".encode("cp850")
    for charset, expected in (("ibm850", "done"), ("utf-8", "failed")):
        job = replicas.post(data, media_type=f"text/csv; charset={charset}").json()["import_id"]
        shown = replicas.await_end(job)
        assert (shown["state"], shown["media_type"]) == (expected, "text/csv")
    assert shown["reason"].startswith("Row 1: has, or one soon after it, bytes that are no text in utf-8")
    assert replicas.db.ask("SELECT legal_name FROM supplier") == ["Exempel Växjö AB"]
    for media_type in ("text/csv; charset=klingon", "application/x-ndjson; charset=utf-16"):
        assert replicas.post(data, media_type=media_type).status_code == 415
