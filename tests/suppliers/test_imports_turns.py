"""Imports of many at a time: whose turn it is, how long, and that nobody's file keeps the others waiting."""

from __future__ import annotations

import io
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from chassis import clock, tables
from chassis.errors import TooManyRequests
from chassis.imports import applying, budget, spool, store, supervision, turns
from chassis.imports.locks import JOB_LOCK
from tests.callers import OFFICE, caller
from tests.chassis.test_tables_hostile import book_with
from tests.suppliers.files import states, table
from tests.suppliers.rows import FIRST

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

A, B, C = (caller("client", region=code) for code in ("01", "12", "14"))
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def file_of(rows: int) -> bytes:
    return table(tables.CSV, [FIRST | {"own_number": f"L-{number}"} for number in range(rows)])


def taken(imports: Imports, *here: str) -> Any:
    """The job whose turn begins now, beside the owners that have a worker here already."""
    with imports.transaction() as tx:
        job = supervision.queries.take_job(tx, key=JOB_LOCK, here=list(here), pause=turns.PAUSE_SECONDS)
        tx.commit()
        return job and job.job_id


def test_owners_take_turns_however_many_files_one_of_them_sends(imports: Imports) -> None:
    first, second, third = (imports.start("suppliers", file_of(1), actor=A) for _ in range(3))
    other = imports.start("suppliers", file_of(1), actor=B)
    assert taken(imports) == first
    assert taken(imports) == other  # as long as nobody works for B
    assert taken(imports, "region 01", "region 12") is None
    last = imports.start("suppliers", file_of(1), actor=C)
    assert taken(imports, "region 01", "region 12") == last
    for job_id in (first, other, last):
        imports.work(job_id)
    late = imports.start("suppliers", file_of(1), actor=B)
    assert [taken(imports) for _ in range(4)] == [second, late, third, None]


def test_a_job_that_somebody_works_on_is_not_given_to_others(imports: Imports) -> None:
    job_id = imports.start("suppliers", file_of(1))
    with imports.transaction() as worker:
        assert supervision.queries.hold_job(worker, key=JOB_LOCK, job_id=job_id)
        worker.commit()
        assert taken(imports) is None
    assert taken(imports) == job_id


def test_a_long_job_gives_way_after_a_chunk_and_goes_on_later(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SHORTEST_SECONDS", 0.0)
    monkeypatch.setattr(turns.Turn, "has_read", lambda _: None)
    long = imports.start("suppliers", file_of(1200), actor=A)
    same = imports.start("suppliers", file_of(1), actor=A)
    imports.work(long)
    assert imports.shown(long)["state"] == "done"  # the same owner's other file waits for its end

    long, short = (imports.start("suppliers", file_of(n), actor=who) for n, who in ((1200, A), (1, B)))
    imports.work(long)
    shown = imports.shown(long)
    assert (shown["state"], shown["rows_accepted"], shown["rows_total"]) == ("running", 500, 1200)
    for job_id in (short, same, long):
        imports.work(job_id)
        assert imports.shown(job_id)["state"] == "done"
    assert imports.shown(long)["rows_accepted"] == 1200


def test_twenty_files_of_one_owner_may_wait_and_the_next_is_told_to(imports: Imports) -> None:
    for _ in range(store.MOST_UNFINISHED):
        imports.start("suppliers", file_of(1), actor=A)
    with imports.transaction() as tx:
        with pytest.raises(TooManyRequests) as refused:
            store.FILE.admit(tx, A)
        assert refused.value.headers["Retry-After"] == "60"
        store.FILE.admit(tx, B)
        store.FILE.admit(tx, OFFICE)


def test_a_short_file_does_not_wait_for_what_a_long_one_has_put_into_the_outbox(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[Any] = []
    monkeypatch.setattr(applying, "_make_room", waited.append)
    imports.run("suppliers", file_of(500))
    assert waited == []
    imports.run("suppliers", file_of(1001))
    assert len(waited) == 2


def styled(count: int) -> bytes:
    """A workbook with so many formats of cells, which the library makes one by one."""
    generator = random.Random(1)  # noqa: S311  no secret
    formats = "".join(
        f'<xf numFmtId="{generator.randrange(10**6)}" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        for _ in range(count)
    )
    parts = "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
    styles = f"{parts}<cellStyleXfs><xf/></cellStyleXfs><cellXfs>{formats}</cellXfs>"
    return book_with("xl/styles.xml", f'<styleSheet xmlns="{NAMESPACE}">{styles}</styleSheet>'.encode())


def test_what_a_library_makes_of_the_end_of_its_time_is_the_end_of_its_time() -> None:
    def forgiving() -> None:
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001  as libraries do
            raise TypeError from None

    with pytest.raises(budget.OutOfTimeError, match="Reading"), budget.at_most(0.05, "Reading"):
        forgiving()


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
# a signal that comes while garbage is collected is told to nobody: the next one is
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_takes_too_long_to_read_fails_and_the_next_goes_on(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "OPENING_SECONDS", 0.2)
    job = imports.run("suppliers", styled(20_000), media_type=tables.XLSX)
    assert (job["state"], job["reason"]) == (
        "failed",
        "Opening the file takes more time than an import may: send it as CSV, or in parts.",
    )
    assert imports.run("suppliers", file_of(1))["state"] == "done"
    monkeypatch.setattr(spool, "READING_SECONDS", 0.01)
    job = imports.run("suppliers", file_of(20_000))
    assert (job["state"], job["reason"][:16]) == ("failed", "Reading the file")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_rows_that_take_too_long_to_understand_end_the_import_and_nobody_goes_on_with_them(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read beside what is applied, in a thread that no signal reaches."""
    understood: list[int] = []
    load = spool.load

    def slow(kind: Any, number: int, *rest: Any, **named: Any) -> Any:
        understood.append(number)
        until = time.thread_time() + (0.02 if number > 501 else 0)
        while time.thread_time() < until:
            pass
        return load(kind, number, *rest, **named)

    monkeypatch.setattr(spool, "load", slow)
    monkeypatch.setattr(spool, "UNDERSTANDING_SECONDS", 0.5)
    job = imports.run("suppliers", file_of(1500))
    assert (job["state"], job["reason"]) == (
        "failed",
        "Understanding the rows after 501 takes more time than an import may: send it as CSV, or in parts.",
    )
    assert (len(states(job)), len(understood) < 1000) == (500, True)
    monkeypatch.undo()
    assert imports.run("suppliers", file_of(1))["state"] == "done"


def test_a_list_in_a_cell_has_a_greatest_length(imports: Imports) -> None:
    job = imports.run("suppliers", [FIRST | {"own_numbers": "[" + "1," * 200 + "1]"}])
    [row] = job["report"]
    assert [each["problem"] for each in row["faults"]] == ["Must have at most 100 items."]


def test_a_file_that_takes_too_much_memory_fails_and_says_so(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hoard(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("chassis.tables.workbooks.load_workbook", hoard)
    job = imports.run("suppliers", [FIRST], media_type=tables.XLSX)
    assert (job["state"], job["reason"][:27]) == ("failed", "The file needs more memory ")


def test_rows_that_take_too_much_room_are_refused(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_SPOOLED", 10_000)
    assert imports.run("suppliers", file_of(1000))["reason"].startswith(
        "The file's rows have more than 10000"
    )


def test_what_a_job_does_is_shown_while_its_file_is_read(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_TELL_SECONDS", 0.0)
    seen: list[Any] = []
    queries = spool.queries
    note = queries.note_read

    def watched(conn: Any, **values: Any) -> Any:
        told = note(conn, **values)
        conn.commit()
        shown = imports.shown(values["job_id"])
        seen.append([shown[name] for name in ("state", "phase", "rows_read", "rows_total")])
        return told

    monkeypatch.setattr(queries, "note_read", watched)
    job = imports.run("suppliers", file_of(1100))
    assert seen == [["running", "reading", 500, None], ["running", "reading", 1000, None]]
    assert [job[name] for name in ("state", "phase", "rows_read", "rows_total")] == ["done", None, 1100, 1100]


def test_how_a_workbook_was_read_is_noted(imports: Imports) -> None:
    book, file = Workbook(), io.BytesIO()
    book.active.append(["region", "own_number", "legal_name", "country"])
    book.active.append(["01", "L-1", "Exempel AB", "SE"])
    book.active.row_dimensions[2].hidden = True
    book.create_sheet("Help")
    book.save(file)
    job = imports.run("suppliers", file.getvalue(), media_type=tables.XLSX)
    assert (states(job), job["notes"]) == (
        ["made"],
        [
            "The sheet 'Sheet' was read; left alone: 'Help'.",
            "Hidden rows were read as well: 1, the first is row 2.",
        ],
    )


def test_a_cancelled_import_keeps_what_it_has_done(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel(job_id: Any) -> Any:
        with imports.transaction() as tx:
            shown = store.cancel(tx, job_id, clock.now())
            tx.commit()
            return shown

    waiting = imports.start("suppliers", file_of(1))
    assert cancel(waiting)["state"] == "cancelled"
    imports.work(waiting)
    assert imports.shown(waiting)["state"] == "cancelled"

    running = imports.start("suppliers", file_of(1200))
    apply = applying.apply

    def once(*given: Any, **more: Any) -> None:
        apply(*given, **more)
        cancel(running)

    monkeypatch.setattr(applying, "apply", once)
    imports.work(running)
    shown = imports.shown(running)
    assert (shown["state"], shown["rows_accepted"], shown["reason"]) == ("cancelled", 500, None)
    assert imports.ask("SELECT count(*) FROM own_number") == [500]
    assert imports.ask("SELECT count(*) FROM import_chunk") == [0]
    assert cancel(running)["state"] == "cancelled"
    monkeypatch.undo()
    done = imports.run("suppliers", file_of(1))
    assert cancel(done["import_id"])["state"] == "done"  # what is over stays as it is
