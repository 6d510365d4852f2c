"""What is said about imports over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import RAISE, Schema, fields, validate

from chassis.http import PageQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.imports.kinds import ImportKind

STATES = ("waiting", "running", "done", "failed")
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


class ImportView(ImportStarted):
    """An import: `rows_total` is null until the file has been read; `reason` says why a failed one failed."""

    kind = fields.String()
    media_type = fields.String()
    bytes = fields.Integer()
    dry_run = fields.Boolean()
    imported = fields.Boolean()
    reason = fields.String(allow_none=True)
    rows_total = fields.Integer(allow_none=True)
    rows_accepted = fields.Integer()
    rows_rejected = fields.Integer()
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


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


class RowQuery(PageQuery):
    """Only rows in one state."""

    key = ("row_number",)
    state = fields.String(load_default=None, validate=validate.OneOf(ROW_STATES))
