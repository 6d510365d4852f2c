"""What a service declares of an import, and what passes between it and the chassis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chassis.access import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from marshmallow import Schema

    from chassis.db import Transaction


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one column ("": in the row as a whole), and what would be accepted there."""

    column: str
    problem: str
    accepted: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row that its schema accepts: the values that it has, plain as in JSON (dates are ISO texts)."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: `made`, `changed`, `unchanged`, or `rejected` because of its faults."""

    number: int
    state: str
    item_id: UUID | None = None
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An import as `apply` knows it. `imported`: records of the past, nobody may be told or audited."""

    job_id: UUID
    kind: str
    media_type: str
    charset: str | None
    dry_run: bool
    imported: bool
    actor: Identity
    correlation_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of rows.

    schema: one field a column; apply: (tx, rows, job) -> an outcome per row, in their order, set-based (a
    handful of statements for 500 rows) and inside one transaction, which a dry run rolls back.
    ignores: columns that a file may have and nobody reads, such as those that an export has beside ours.
    """

    name: str
    schema: type[Schema]
    apply: Callable[[Transaction, Sequence[Parsed], Job], Sequence[Outcome]]
    about: str = ""
    ignores: frozenset[str] = field(default=frozenset())


def rejected(number: int, *faults: Fault) -> Outcome:
    """Return the outcome of a row with faults."""
    return Outcome(number, "rejected", None, faults)


def identity(stored: Mapping[str, Any]) -> Identity:
    """Return who asked for a job, as it was stored with it."""
    return Identity(**{**stored, "scopes": frozenset(stored["scopes"])})
