"""Files to import, and imports as the tests run them: in this process, on a database of the tests' own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from chassis import tables
from chassis.access import Identity
from chassis.db import connect
from chassis.http import Call
from chassis.ids import uuid7
from chassis.imports import store, worker
from chassis.uploads import Received
from services.suppliers import repository
from services.suppliers.schemas import NewCategory
from tests import backbone
from tests.suppliers.bodies import GLOVES, NOW, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chassis.db import Transaction

OFFICE = Identity(
    subject="office", client="office", role="national_office", scopes=frozenset({"public"}), view="internal"
)

# fmt: off
_TABLES = (
    "supplier_alias", "outbox", "import_job", "import_chunk", "supplier", "category", "subject_version",
    "duplicate", "uncompared", "compared_name", "country_dataset", "wave", "risk_result", "scored_case",
    "risk_case", "headline", "case_end", "rule_set", "rule_set_activation",
)
# fmt: on


def table(media_type: str, rows: Sequence[dict[str, Any]]) -> bytes:
    """Return rows as a file."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with tables.writer(media_type, columns) as writer:
        return writer.head() + writer.rows(rows) + b"".join(writer.ending())


class Imports:
    """A database that files are imported into."""

    def __init__(self, dsn: str) -> None:
        """Name the database."""
        self.dsn = dsn

    def start(self, kind: str, data: bytes, media_type: str = tables.CSV, **options: Any) -> Any:
        """Store a file and its job, in pieces of 100 kB."""
        file_id, actor = uuid7(), options.pop("actor", OFFICE)
        query = {"kind": kind, "dry_run": False, "imported": False, **options}
        with closing(connect(self.dsn)) as tx:
            for position, start in enumerate(range(0, len(data), 100_000)):
                store._keep(tx, file_id, position, data[start : start + 100_000])
            body = Received(file_id, media_type, len(data), b"")
            store.start(tx, Call(body=body, query=query, now=NOW, actor=actor, correlation_id="import"))
            tx.commit()
        return file_id

    def work(self, job_id: Any) -> None:
        """Work on a job in this process until it is over."""
        with closing(connect(self.dsn)) as conn:
            worker.work(conn, "suppliers", job_id)

    def run(self, kind: str, rows: Sequence[dict[str, Any]] | bytes, **options: Any) -> dict[str, Any]:
        """Import rows as CSV; return the job as the API shows it, and its report under `report`."""
        data = rows if isinstance(rows, bytes) else table(options.get("media_type", tables.CSV), rows)
        job_id = self.start(kind, data, **options)
        self.work(job_id)
        return self.shown(job_id)

    def shown(self, job_id: Any) -> dict[str, Any]:
        """Return a job and its report."""
        with closing(connect(self.dsn)) as tx:
            query = {"state": None, "sort": None, "after": None, "limit": 500}
            rows = [row._asdict() for row in store.report(tx, job_id, query)["items"]]
            return {**store.get(tx, job_id), "report": rows}

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a statement; a single column as plain values."""
        with closing(connect(self.dsn)) as tx, tx.cursor() as cursor:
            cursor.execute(statement, values)
            return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()]

    def ask_and_keep(self, statement: str) -> None:
        """Change what is registered behind the registry's back."""
        with closing(connect(self.dsn)) as tx, tx.cursor() as cursor:
            cursor.execute(statement)
            tx.commit()

    def transaction(self) -> Any:
        """Open a transaction to look around in."""
        return closing(connect(self.dsn))

    def prepare(self, *steps: Callable[[Any], None]) -> None:
        """Do what comes first; nothing is told of it."""
        with closing(connect(self.dsn)) as tx, tx.cursor() as cursor:
            for step in steps:
                step(tx)
            cursor.execute("DELETE FROM outbox")
            tx.commit()

    def clear(self) -> None:
        """Forget everything."""
        with closing(connect(self.dsn)) as tx:
            backbone.empty(tx, *_TABLES)
            tx.commit()


def category(tx: Transaction, category_id: str = "handskar", **changes: Any) -> None:
    """Make a category; without a name the one that the contracts are of, area F's."""
    repository.categories.save_category(
        tx, {"category_id": category_id, **loaded(NewCategory, GLOVES | changes)}, None
    )


def states(job: dict[str, Any]) -> list[str]:
    """What became of each row."""
    return [row["state"] for row in job["report"]]


def faults(job: dict[str, Any]) -> dict[int, list[tuple[str, str, str | None]]]:
    """What is wrong, by row."""
    return {
        row["row_number"]: [(f["column"], f["problem"], f["accepted"]) for f in row["faults"]]
        for row in job["report"]
        if row["faults"]
    }
