"""What is said about imports over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import RAISE, Schema, fields, validate

from chassis.http import PageQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.imports.kinds import ImportKind

STATES = ("waiting", "running", "done", "failed", "cancelled")
PHASES = ("reading", "applying")
ROW_STATES = ("made", "changed", "unchanged", "rejected")


class _StartQuery(Schema):
    """How a file is imported."""

    class Meta:
        """A misspelt option must not look like one that counts."""

        unknown = RAISE

    dry_run = fields.Boolean(load_default=False)
    imported = fields.Boolean(load_default=False)


def start_query(kinds: Sequence[ImportKind]) -> type[Schema]:
    """Return the query of `POST /imports`: which kind of rows, and how."""
    names = [kind.name for kind in kinds]

    class ImportQuery(_StartQuery):
        """How a file is imported, and of which kind its rows are."""

        kind = fields.String(required=True, validate=validate.OneOf(names))

    return ImportQuery


class ImportStarted(Schema):
    """An import that was taken."""

    import_id = fields.UUID()
    state = fields.String(validate=validate.OneOf(STATES))

    example: ClassVar[dict[str, Any]] = {
        "import_id": "01938f80-1a2b-7ca0-8d9e-0f1a2b3c4da0",
        "state": "waiting",
    }


class ImportView(ImportStarted):
    """An import: `rows_total` is null until the file has been read; `reason` says why a failed one failed.

    `phase`: what a running one does at present; `rows_read`: how far it is with reading.
    `notes`: what a person should know of how the file was read.
    """

    kind = fields.String()
    media_type = fields.String()
    bytes = fields.Integer()
    dry_run = fields.Boolean()
    imported = fields.Boolean()
    reason = fields.String(allow_none=True)
    phase = fields.String(allow_none=True, validate=validate.OneOf(PHASES))
    notes = fields.List(fields.String())
    rows_read = fields.Integer()
    rows_total = fields.Integer(allow_none=True)
    rows_accepted = fields.Integer()
    rows_rejected = fields.Integer()
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        **ImportStarted.example,
        "state": "running",
        "kind": "suppliers",
        "media_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "bytes": 18_402_117,
        "dry_run": False,
        "imported": True,
        "reason": None,
        "phase": "applying",
        "notes": ["The sheet 'Leverantörer' was read; left alone: 'Hjälp' (hidden)."],
        "rows_read": 200_000,
        "rows_total": 200_000,
        "rows_accepted": 61_497,
        "rows_rejected": 3,
        "created_at": "2026-11-21T12:00:00+00:00",
        "started_at": "2026-11-21T12:00:01+00:00",
        "finished_at": None,
    }


class JobQuery(PageQuery):
    """Filters of the list of imports."""

    key = ("import_id",)
    sorts: ClassVar = {"created_at": "created_at"}

    kind = fields.String(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class FaultView(Schema):
    """What is wrong in one column (empty: in the row as a whole), and what would be accepted there."""

    column = fields.String()
    problem = fields.String()
    accepted = fields.String(allow_none=True)


class ReportRow(Schema):
    """What became of a row, by its number in the file."""

    row_number = fields.Integer()
    state = fields.String(validate=validate.OneOf(ROW_STATES))
    item_id = fields.UUID(allow_none=True)
    faults = fields.List(fields.Nested(FaultView))

    example: ClassVar[dict[str, Any]] = {
        "row_number": 17,
        "state": "rejected",
        "item_id": None,
        "faults": [
            {
                "column": "orgnr",
                "problem": "Is no valid orgnr: The number's checksum or check digit is invalid.",
                "accepted": "a Swedish organisation number, such as 556543-6168",
            }
        ],
    }


class RowQuery(PageQuery):
    """Only rows in one state."""

    key = ("row_number",)
    state = fields.String(load_default=None, validate=validate.OneOf(ROW_STATES))
