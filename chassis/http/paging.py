"""Lists, page by page, by key: stable while others write, and page 1,000 costs what page 1 costs.

A list's SQL selects all that the filters let through; this module adds the order, the place to go on from
and the limit around it. PostgreSQL merges both, so that an index on the order is walked from that place on.
"""

from __future__ import annotations

import base64
import binascii
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import psycopg2
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from psycopg2 import sql as compose

from chassis import turns
from chassis.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chassis.db import Transaction

LONGEST_CURSOR = 2000
MOST_ITEMS = 500
_MARK_BYTES = 9
_NOT_OURS = "Is no `next` of this list in this order and with these filters."


class Order(fields.String):
    """The name of a sort, a hyphen before it for descending; which there are, the list's schema says."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        schema = self.parent
        names = [f"{sign}{name}" for name in schema.sorts for sign in ("", "-")]  # type: ignore[union-attr]
        if text not in names:
            raise ValidationError(
                f"Must be one of: {', '.join(names)}." if names else "This list has one order."
            )
        return text


class PageQuery(Schema):
    """What every list takes: how many, in which order, and after which item (the `next` of a page).

    A list's own schema adds its filters, and says by which unique columns it is kept in order and what else
    it can be sorted by (NOT NULL columns: name in the API -> column).
    """

    key: ClassVar[tuple[str, ...]]
    sorts: ClassVar[Mapping[str, str]] = {}

    class Meta:
        """A misspelt filter must not look like one that matched everything."""

        unknown = RAISE

    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_ITEMS))
    sort = Order(load_default=None)
    after = fields.String(load_default=None, validate=validate.Length(1, LONGEST_CURSOR))


@cache
def listing(item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of items; `next` is the `after` of the following page, or null."""
    parts: dict[str, Any] = {
        "items": fields.List(fields.Nested(item)),
        "next": fields.String(allow_none=True),
    }
    page: type[Schema] = Schema.from_dict(parts, name=f"{item.__name__}Page")
    page.item = item  # type: ignore[attr-defined]
    if hasattr(item, "example"):
        page.example = {"items": [item.example], "next": None}  # type: ignore[attr-defined]
    page.__doc__ = "A page of a list."
    return page


def fetch(
    tx: Transaction,
    select: Any,
    query: Mapping[str, Any],
    ordered: type[PageQuery],
    *,
    shown: Callable[[Any], Any] = lambda row: row,
    **filters: Any,
) -> dict[str, Any]:
    """Return a page of the rows that `select` (a query of queries.sql, without order and limit) lets through.

    Raises Invalid if the place to go on from is none of this list in this order and with these filters.
    """
    columns, what = _columns(query["sort"], ordered), _listed(ordered, filters)
    place = _place(query["after"], query["sort"], what, len(columns))
    statement = _statement(select.sql, columns, (query["sort"] or "").startswith("-"), place)
    with tx.cursor() as cursor:
        try:
            cursor.execute(statement, {**filters, "limit_": query["limit"] + 1, **place})
        except psycopg2.DataError:
            if place:
                raise Invalid({"?after": _NOT_OURS}) from None
            raise
        rows = turns.fetched(cursor)
    return _page(rows, query, what, columns, shown)


def _columns(sort: str | None, ordered: type[PageQuery]) -> list[str]:
    chosen = [ordered.sorts[sort.removeprefix("-")]] if sort else []
    return [*chosen, *(name for name in ordered.key if name not in chosen)]


def _statement(
    select: str, columns: Sequence[str], descending: bool, place: Mapping[str, Any]
) -> compose.Composed:
    names = compose.SQL(", ").join(map(compose.Identifier, columns))
    direction = compose.SQL(" DESC" if descending else "")
    order = compose.SQL(", ").join(compose.Identifier(name) + direction for name in columns)
    parts: list[compose.Composable] = [
        compose.SQL("SELECT * FROM ("),
        compose.SQL(select.strip().rstrip(";")),
        compose.SQL(") AS listed"),
    ]
    if place:
        values = compose.SQL(", ").join(map(compose.Placeholder, place))
        sign = compose.SQL(") < (" if descending else ") > (")
        parts += [compose.SQL(" WHERE ("), names, sign, values, compose.SQL(")")]
    return compose.Composed([*parts, compose.SQL(" ORDER BY "), order, compose.SQL(" LIMIT %(limit_)s")])


def _page(
    rows: Sequence[Any],
    query: Mapping[str, Any],
    what: bytes,
    columns: Sequence[str],
    shown: Callable[[Any], Any],
) -> dict[str, Any]:
    more = len(rows) > query["limit"]
    kept = rows[: query["limit"]]
    last = [getattr(kept[-1], name) for name in columns] if more else []
    following = _cursor(query["sort"], what, last) if more else None
    shown_rows = [shown(row) for some in turns.slices(kept) for row in some]
    return {"items": shown_rows, "next": following}


def _listed(ordered: type[PageQuery], filters: Mapping[str, Any]) -> bytes:
    """Return what a list is of: its query, what its address names, the caller's filters, and their reach.

    Those that let everything through are left out, so that a filter of a later release spoils no cursor.
    """
    chosen = {name: value for name, value in filters.items() if value is not None}
    described = [f"{ordered.__module__}.{ordered.__name__}", chosen]
    return orjson.dumps(described, default=str, option=orjson.OPT_SORT_KEYS)


def _cursor(sort: str | None, what: bytes, values: Sequence[Any]) -> str:
    place = orjson.dumps([sort, *values], default=str)
    return base64.urlsafe_b64encode(_mark(what, place) + place).rstrip(b"=").decode()


def _mark(what: bytes, place: bytes) -> bytes:
    """Return what tells a place of this list from others' and from one that was changed. It is no secret."""
    return sha256(what + b"\n" + place).digest()[:_MARK_BYTES]


def _place(after: str | None, sort: str | None, what: bytes, columns: int) -> dict[str, Any]:
    """Return the values to go on from as parameters; PostgreSQL reads them as what their columns are."""
    if after is None:
        return {}
    try:
        raw = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        mark, place = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        was, *values = orjson.loads(place)
    except (ValueError, TypeError, binascii.Error):
        raise Invalid({"?after": _NOT_OURS}) from None
    fits = was == sort and len(values) == columns and all(isinstance(v, str | int | float) for v in values)
    if mark != _mark(what, place) or not fits or any("\0" in str(value) for value in values):
        raise Invalid({"?after": _NOT_OURS})
    return {f"place_{index}_": str(value) for index, value in enumerate(values)}
