"""Lists, page by page, by key: stable while others write, and page 1,000 costs what page 1 costs.

A list's SQL selects all that the filters let through; this module adds the order, the place to go on from
and the limit around it. PostgreSQL merges both, so that an index on the order is walked from that place on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg2
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate
from psycopg2 import sql as compose

from chassis import turns
from chassis.errors import Invalid
from chassis.http import cursors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chassis.db import Transaction

MOST_ITEMS = 500
_KEY = itemgetter(0)


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
    follows: ClassVar[str] = "after"

    class Meta:
        """A misspelt filter must not look like one that matched everything."""

        unknown = RAISE

    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_ITEMS))
    sort = Order(load_default=None)
    after = fields.String(load_default=None, validate=validate.Length(1, cursors.LONGEST))


class PathValues(Schema):
    """What the parts of an address must be; of those that it does not name their converters decide."""

    class Meta:
        """The other parts."""

        unknown = EXCLUDE


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
    list_ = _List(query, ordered, filters)
    rows = _rows(tx, list_.statement(compose.SQL("({})").format(_text(select))), list_, filters)
    return _page(rows, query, list_, shown)


@dataclass(frozen=True, slots=True)
class Search:
    """A list that many filters narrow down, and what bounds a page's cost.

    `select`: what the filters let through; its parameter `by_index` says whether indexes on what is asked are
    to be read, or the rows in the list's order. `every`: the order's columns of all rows, so that an index
    gives them. `unfiltered`: what `select` is where nothing is asked: to plan that costs more than to read a
    page. `looked_at`: how many rows are looked at first. `most_sorted`: how many may be sorted. `late`: keys
    that a filter lets through of which `select`'s indexes do not know: it is asked of sorted rows, one by one
    until the page is full, and `select` leaves it out where its parameter `late` says so. `near`: what
    `select` is where the next rows are looked at, if not itself; `every` may be only those that it finds.
    """

    select: Any
    every: Any
    unfiltered: Any
    looked_at: int
    most_sorted: int
    late: Any = None
    near: Any = None


def search(
    tx: Transaction, query: Mapping[str, Any], ordered: type[PageQuery], of: Search, **filters: Any
) -> dict[str, Any]:
    """Return a page of the rows that filters let through, at a cost that these cannot raise much.

    First the next rows of the list are looked at in its order: what many rows pass fills a page there, as a
    rule. If it does not, all that are let through are asked for, wherever they are, and sorted; unless they
    are too many, and only lie elsewhere: then it is looked further, at more rows each time.
    """
    list_ = _List(query, ordered, filters)
    if all(value is None for value in filters.values()):
        page = list_.statement(compose.SQL("({})").format(_text(of.unfiltered)))
        return _page(_rows(tx, page, list_, {}), query, list_, lambda row: row)
    looked_at = of.looked_at
    rows, far = _looked_through(tx, list_, of, looked_at, filters)
    if far:
        everywhere = list_.everywhere(_text(of.select), of.most_sorted + 1, of.late and _text(of.late))
        all_ = _rows(tx, everywhere, list_, {**filters, "by_index": True, "late": of.late is not None})
        if all_[0].among_ <= of.most_sorted:
            rows, far = [row for row in all_ if getattr(row, list_.columns[0]) is not None], {}
    while far and len(rows) < list_.limit:
        list_.place, looked_at = far, _FARTHER * looked_at
        more, far = _looked_through(tx, list_, of, looked_at, filters)
        rows += more
    return _page(rows[: list_.limit], query, list_, lambda row: row)


_FARTHER = 4
_LIMIT = compose.SQL(" LIMIT %(limit_)s")


def _looked_through(
    tx: Transaction, list_: _List, of: Search, looked_at: int, filters: Mapping[str, Any]
) -> tuple[list[Any], dict[str, str]]:
    """Return what is let through of the list's next rows, and from where on to look further; {}: nowhere."""
    far = _rows(tx, list_.beyond(_text(of.every), looked_at), list_, filters)
    bounds = {f"far_{i}_": str(value) for i, value in enumerate(far[0] if far else ())}
    near = list_.statement(compose.SQL("({})").format(_text(of.near or of.select)), bounds)
    rows = _rows(tx, near, list_, {**filters, **bounds, "by_index": False, "late": False})
    filled = len(rows) >= list_.limit
    return rows, {} if filled else {f"place_{i}_": value for i, value in enumerate(bounds.values())}


def _text(select: Any) -> compose.SQL:
    return compose.SQL(select.sql.strip().rstrip(";"))


class _List:
    """A list as a caller asks for it: its order, what it is of, and the place to go on from."""

    def __init__(
        self, query: Mapping[str, Any], ordered: type[PageQuery], filters: Mapping[str, Any]
    ) -> None:
        """Read the place; raises Invalid."""
        self.columns, self.what = _columns(query["sort"], ordered), cursors.listed(ordered, filters)
        self.place = cursors.read(query["after"], query["sort"], self.what, len(self.columns))
        self.limit = query["limit"] + 1
        self.descending = (query["sort"] or "").startswith("-")
        self._names = compose.SQL(", ").join(map(compose.Identifier, self.columns))

    def statement(self, source: compose.Composable, far: Mapping[str, Any] | None = None) -> compose.Composed:
        """Return the page's statement, up to and with a far row if there is one."""
        until = self._bound(" >= " if self.descending else " <= ", far) if far else None
        bounds = [bound for bound in (self._after(), until) if bound]
        where = compose.SQL(" WHERE ") + compose.SQL(" AND ").join(bounds) if bounds else compose.SQL("")
        select = compose.SQL("SELECT * FROM {} AS listed").format(source)
        return select + where + self._order() + _LIMIT

    def _after(self) -> compose.Composed | None:
        return self._bound(" < " if self.descending else " > ", self.place) if self.place else None

    def everywhere(
        self, select: compose.Composable, most: int, late: compose.Composable | None = None
    ) -> compose.Composed:
        """Return the page's statement where it is sorted out of at most so many rows; `among_`: their number.

        Materialized: PostgreSQL would look at the rows in the list's order here, too, where it takes the
        filters for weak. Without any row after the place there is one of nulls, for the number's sake.
        """
        text = compose.SQL(
            "WITH all_ AS MATERIALIZED (SELECT * FROM ({}) AS every_ LIMIT {}),"
            " page_ AS (SELECT * FROM (SELECT * FROM all_ WHERE {}{} OFFSET 0) AS sorted_ WHERE {}{}{})"
            " SELECT page_.*, among_"
            " FROM (SELECT count(*) AS among_ FROM all_) AS counted LEFT JOIN page_ ON true"
        )
        after = self._after() or compose.SQL("true")
        key = compose.Identifier(self.columns[-1])
        passed = compose.SQL("{} IN ({})").format(key, late) if late else compose.SQL("true")
        order = self._order()
        page = text.format(select, compose.Literal(most), after, order, passed, order, _LIMIT)
        return page + order

    def beyond(self, every: compose.Composable, looked_at: int) -> compose.Composed:
        """Return the statement of the row that comes after so many others."""
        source = compose.SQL("(SELECT {} FROM ({}) AS every_)").format(self._names, every)
        skipped = compose.SQL(" OFFSET {}").format(compose.Literal(looked_at))
        return compose.SQL("SELECT * FROM ({}{}) AS beyond LIMIT 1").format(self.statement(source), skipped)

    def _bound(self, sign: str, names: Mapping[str, Any]) -> compose.Composed:
        """Return a bound on the order's columns together, and on the first by itself.

        Of rows compared with rows PostgreSQL expects a half to be let through; of a column it knows better.
        """
        values = [compose.Placeholder(name) for name in names]
        whole = compose.SQL("({}){}({})").format(
            self._names, compose.SQL(sign), compose.SQL(", ").join(values)
        )
        if len(values) == 1:
            return whole
        first = compose.SQL(">=" if ">" in sign else "<=")
        return compose.SQL("{} {} {} AND {}").format(
            compose.Identifier(self.columns[0]), first, values[0], whole
        )

    def _order(self) -> compose.Composed:
        direction = compose.SQL(" DESC" if self.descending else "")
        order = compose.SQL(", ").join(compose.Identifier(name) + direction for name in self.columns)
        return compose.SQL(" ORDER BY ") + order


def _rows(
    tx: Transaction, statement: compose.Composed, list_: _List, filters: Mapping[str, Any]
) -> list[Any]:
    with tx.cursor() as cursor:
        try:
            cursor.execute(statement, {**filters, "limit_": list_.limit, **list_.place})
        except psycopg2.DataError:
            if list_.place:
                raise Invalid({"?after": cursors.NOT_OURS}) from None
            raise
        return turns.fetched(cursor)


def among(
    rows: Iterable[Any], query: Mapping[str, Any], ordered: type[PageQuery], **filters: Any
) -> dict[str, Any]:
    """Return a page of rows that are computed, few enough to be made anew for each page, as `fetch` does.

    They are put in order by their columns as texts.
    """
    list_ = _List(query, ordered, filters)
    place = tuple(list_.place.values())
    keyed = sorted(
        ((tuple(str(getattr(row, name)) for name in list_.columns), row) for row in rows), key=_KEY
    )
    inside = reversed(keyed) if list_.descending else keyed
    left = [row for key, row in inside if not place or (key < place if list_.descending else key > place)]
    return _page(left[: list_.limit], query, list_, lambda row: row)


def _columns(sort: str | None, ordered: type[PageQuery]) -> list[str]:
    chosen = [ordered.sorts[sort.removeprefix("-")]] if sort else []
    return [*chosen, *(name for name in ordered.key if name not in chosen)]


def _page(
    rows: Sequence[Any],
    query: Mapping[str, Any],
    list_: _List,
    shown: Callable[[Any], Any],
) -> dict[str, Any]:
    more = len(rows) > query["limit"]
    kept = rows[: query["limit"]]
    last = [getattr(kept[-1], name) for name in list_.columns] if more else []
    following = cursors.written(query["sort"], list_.what, last) if more else None
    shown_rows = [shown(row) for some in turns.slices(kept) for row in some]
    return {"items": shown_rows, "next": following}
