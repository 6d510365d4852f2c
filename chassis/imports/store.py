"""Imports as the API has them: taken, looked at, reported on."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import psycopg2

from chassis import sql
from chassis.errors import TooManyRequests, UnsupportedMediaType, found
from chassis.http import paging
from chassis.imports.pruning import KEPT_DAYS, kept_since
from chassis.imports.views import JobQuery, RowQuery
from chassis.tables import MEDIA_TYPES, encoding
from chassis.tables.media import CSV, NDJSON, XLSX
from chassis.tables.writing import example_of
from chassis.uploads import Upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from chassis.access import Identity, Owners
    from chassis.db import Transaction
    from chassis.http import Call
    from chassis.imports.kinds import ImportKind

queries: Any = sql.load(__file__)

MOST_BYTES = 200_000_000
MOST_UNFINISHED = 20  # imports of one owner
_RETRY_SECONDS = 60
# An owner that nobody is: a job of somebody who is not limited is seen only by those who are not.
_UNLIMITED: Owners = {"": ()}


def _keep(tx: Transaction, file_id: UUID, position: int, data: bytes) -> None:
    queries.insert_chunk(tx, job_id=file_id, position=position, data=psycopg2.Binary(data))


def _forget(tx: Transaction, file_id: UUID) -> None:
    queries.delete_chunks(tx, job_id=file_id)


def _admit(tx: Transaction, actor: Identity) -> None:
    """Raise TooManyRequests for another file of somebody of whose many are not done yet."""
    if queries.count_unfinished(tx, owner=owner_of(actor)) < MOST_UNFINISHED:
        return
    told = f"{MOST_UNFINISHED} of your imports are not over yet: wait for one of them, or cancel one."
    raise TooManyRequests(told, headers={"Retry-After": str(_RETRY_SECONDS)})


def _charset(media_type: str, charset: str) -> str | None:
    """Return the encoding that a Content-Type names, None where it says nothing of use."""
    if media_type == XLSX:
        return None
    known = encoding.named(charset)
    if known is None or (media_type == NDJSON and known != "utf-8"):
        forms = "utf-8" if media_type == NDJSON else ", ".join(encoding.CHARSETS)
        raise UnsupportedMediaType(
            f"As charset {media_type} may have: {forms}; or none, then it is found out."
        )
    return known


FILE = Upload(tuple(MEDIA_TYPES), MOST_BYTES, _keep, _forget, _admit, _charset)


def owner_of(actor: Identity) -> str:
    """Return whose turn somebody's import takes: their region's, or the client's own."""
    return " ".join(f"{claim} {value}" for claim, value in actor.claims.items()) or f"client {actor.client}"


def file_of(kinds: Iterable[ImportKind]) -> Upload:
    """Return the body of `POST /imports`, with an example of each kind's rows."""
    schemas = {kind.name: kind.schema for kind in kinds}
    examples = {
        form: {name: example_of(form, schema) for name, schema in schemas.items()} for form in (CSV, NDJSON)
    }
    return replace(FILE, examples=examples)


def start(tx: Transaction, call: Call) -> dict[str, Any]:
    """Make a job of a file that has arrived; a worker of any replica takes it."""
    queries.insert_job(
        tx,
        job_id=call.body.file_id,
        media_type=call.body.media_type,
        charset=call.body.charset,
        bytes=call.body.size,
        **call.query,
        actor=sql.document(_stored(call)),
        owner=owner_of(call.actor),
        correlation_id=call.correlation_id,
        now=call.now,
    )
    tx.wake("imports")
    return {"import_id": call.body.file_id, "state": "waiting"}


def _stored(call: Call) -> dict[str, Any]:
    actor = asdict(call.actor)
    return {**actor, "scopes": sorted(actor["scopes"])}


def get(tx: Transaction, import_id: UUID) -> dict[str, Any]:
    """Return how far an import is."""
    row = found(_kept(tx, import_id), "import")
    return {"import_id": row.job_id, **row._asdict()}


def unfinished(tx: Transaction) -> bool:
    """Tell whether an import of anybody waits or is worked on: what can wait for its end should."""
    found: bool = queries.any_unfinished(tx)
    return found


def cancel(tx: Transaction, import_id: UUID, now: datetime) -> dict[str, Any]:
    """End an import that is not over, and return it; what it has done stays done."""
    queries.finish_job(tx, job_id=import_id, state="cancelled", reason=None, now=now)
    queries.delete_chunks(tx, job_id=import_id)
    return get(tx, import_id)


def jobs(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of the imports that the caller may see one by one."""
    filters = {name: query[name] for name in ("kind", "state")}
    claims = sql.document(actor.claims) if actor.claims else None
    return paging.fetch(tx, queries.jobs, query, JobQuery, kept_days=KEPT_DAYS, claims=claims, **filters)


def _kept(tx: Transaction, import_id: UUID) -> Any:
    return queries.kept_job(tx, job_id=import_id, kept_since=kept_since())


def owners(tx: Transaction, import_id: UUID) -> Owners | None:
    """Return whose an import is: of those who are limited as the one was who started it."""
    row = _kept(tx, import_id)
    if row is None:
        return None
    return {claim: {value} for claim, value in row.actor["claims"].items()} or _UNLIMITED


def report(tx: Transaction, import_id: UUID, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what became of an import's rows."""
    return paging.fetch(tx, queries.report_rows, query, RowQuery, job_id=import_id, state=query["state"])
