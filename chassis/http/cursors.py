"""Cursors: the place after which a page of a list begins, as text that a caller hands back."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from chassis.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chassis.http.paging import PageQuery

LONGEST = 2000
NOT_OURS = "Is no `next` of this list in this order and with these filters."
_MARK_BYTES = 9


def listed(ordered: type[PageQuery], filters: Mapping[str, Any]) -> bytes:
    """Return what a list is of: its query, what its address names, the caller's filters, and their reach.

    Those that let everything through are left out, so that a filter of a later release spoils no cursor.
    """
    chosen = {name: value for name, value in filters.items() if value is not None}
    described = [f"{ordered.__module__}.{ordered.__name__}", chosen]
    return orjson.dumps(described, default=str, option=orjson.OPT_SORT_KEYS)


def written(sort: str | None, what: bytes, values: Sequence[Any]) -> str:
    """Return the cursor of what comes after these values."""
    place = orjson.dumps([sort, *values], default=str)
    return base64.urlsafe_b64encode(mark(what, place) + place).rstrip(b"=").decode()


def mark(what: bytes, place: bytes) -> bytes:
    """Return what tells a place of this list from others' and from one that was changed. It is no secret."""
    return sha256(what + b"\n" + place).digest()[:_MARK_BYTES]


def read(after: str | None, sort: str | None, what: bytes, columns: int) -> dict[str, Any]:
    """Return the values to go on from as parameters; PostgreSQL reads them as what their columns are."""
    if after is None:
        return {}
    try:
        raw = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        marked, place = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        was, *values = orjson.loads(place)
    except (ValueError, TypeError, binascii.Error):
        raise Invalid({"?after": NOT_OURS}) from None
    fits = was == sort and len(values) == columns and all(isinstance(v, str | int | float) for v in values)
    if marked != mark(what, place) or not fits or any("\0" in str(value) for value in values):
        raise Invalid({"?after": NOT_OURS})
    return {f"place_{index}_": str(value) for index, value in enumerate(values)}
