"""What is expensive is limited: one table of a client at a time, few processes that write workbooks."""

from __future__ import annotations

import os
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from chassis import errors, protection, tables, turns
from chassis.tables import workbook_process
from chassis.tables.workbook_worker import MOST_MEMORY
from tests.backbone import wait_until
from tests.chassis import rows, seam
from tests.chassis.test_protection import settings

BOOK = {"Accept": tables.XLSX}


@pytest.fixture
def send(platform, live_things, live_db):
    with live_db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(rows.FILL, {"first": 1, "last": 1200})
    return partial(seam.send, platform)


def test_a_clients_second_table_waits_for_its_first_and_others_do_not(monkeypatch):
    monkeypatch.setattr(protection, "_PLACE_SECONDS", 0.1)
    door = protection.Guard(settings(), 10)
    with door.export("one"):
        with pytest.raises(errors.TooManyRequests) as refusal, door.export("one"):
            pass
        assert refusal.value.headers["Retry-After"] == "5"
        with door.export("another"), door.place("one"):
            pass
    with door.export("one"):
        pass


def test_so_many_workbooks_are_written_at_once_and_the_next_is_refused(monkeypatch):
    monkeypatch.setattr(workbook_process, "_WAIT_SECONDS", 0.1)
    books = [tables.writer(tables.XLSX, ["a"]) for _ in range(workbook_process.MOST_PROCESSES)]
    with pytest.raises(errors.Unavailable) as refusal:
        tables.writer(tables.XLSX, ["a"])
    assert refusal.value.headers["Retry-After"]
    for _ in range(2):  # closed twice, a place is given back once
        books[0].close()
    books[0] = tables.writer(tables.XLSX, ["a"])
    with pytest.raises(errors.Unavailable):
        tables.writer(tables.XLSX, ["a"])
    for book in books:
        book.close()


@pytest.mark.slow
def test_who_reads_a_workbook_slowly_keeps_no_process(monkeypatch):
    monkeypatch.setattr(workbook_process, "MOST_PROCESSES", 1)
    monkeypatch.setattr(workbook_process, "_places", threading.Semaphore(1))
    with tables.writer(tables.XLSX, ["a"]) as slow:
        pieces = slow.ending()
        begun = next(pieces)
        with tables.writer(tables.XLSX, ["a"]) as other:
            assert other.end().startswith(b"PK")
        assert (begun + b"".join(pieces)).startswith(b"PK")


@pytest.mark.slow
def test_the_process_that_writes_comes_last_and_has_little_memory():
    with tables.writer(tables.XLSX, ["a"]) as book:
        pid = book._process.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        wait_until(lambda: resource.prlimit(pid, resource.RLIMIT_AS) == (MOST_MEMORY, MOST_MEMORY))
        book.rows([{"a": "x" * 100}] * 5000)
        assert book.end().startswith(b"PK")


def test_of_many_who_ask_at_once_all_get_the_whole_workbook_or_are_told_to_wait(send):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send("GET", "/items", headers=BOOK), range(8)))
    whole = [answer for answer in answers if answer.status_code == 200]
    assert whole
    assert all(answer.content.startswith(b"PK") for answer in whole)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} <= {429}
    assert all(answer.headers["Retry-After"] for answer in refused)


@pytest.mark.parametrize("form", [tables.CSV, tables.XLSX])
def test_a_head_holds_nothing(send, form):
    for _ in range(4):
        began = time.monotonic()
        answer = send("HEAD", "/items", headers={"Accept": form})
        assert (answer.status_code, answer.content) == (200, b"")
        assert time.monotonic() - began < 4


def test_others_have_their_turn_after_so_many_rows(monkeypatch):
    pauses = []
    monkeypatch.setattr(turns.time, "sleep", pauses.append)
    numbers = list(range(2 * turns.ROWS + 1))
    assert [number for some in turns.slices(numbers) for number in some] == numbers
    assert pauses == [0, 0]
    assert list(turns.slices([])) == []
