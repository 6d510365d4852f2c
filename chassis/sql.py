"""SQL lives in files: loading them, and passing many rows as one parameter."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosql
import orjson

from chassis.plans import Plan, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

# The escape of U+0000 in JSON, and not the text of it (an escaped backslash before u0000)
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


# By the text that is executed
plans: dict[str, Plan] = {}


def load(module_file: str, *, planned: Sequence[str] = ()) -> Any:
    """Return the queries of the .sql file that has a module's name, else of `queries.sql` beside it.

    Queries that return many rows are lazy: wrap the call in `list()`. `planned` names those whose plans the
    server keeps: of which one plan serves for all values, and whose parameters have types that it can tell.
    """
    own = Path(module_file).with_suffix(".sql")
    file = own if own.exists() else own.with_name("queries.sql")
    queries = _read(file)
    for name in planned:
        text: str = getattr(queries, name).sql
        plans[text] = plan(f"{file.parent.name}_{file.stem}_{name}", text)
    return queries


@cache
def _read(file: Path) -> Any:
    """Read a file once, however many modules share it: it is parsed query by query."""
    return aiosql.from_path(file, "psycopg2", mandatory_parameters=False)


def plain(value: object) -> object:
    """Turn what orjson does not know into JSON's own types: a Decimal is a number with all its digits."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    if isinstance(value, frozenset | set):
        return sorted(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()  # a NamedTuple: orjson knows plain tuples
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def document(value: object) -> str:
    """Return one JSON text for a jsonb parameter."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_NON_STR_KEYS).decode()


def has_nul(raw: bytes) -> bool:
    """Tell whether JSON text contains U+0000, which PostgreSQL can store neither in text nor in jsonb."""
    return b"u0000" in raw and _NUL.search(raw) is not None


def without_nul(raw: bytes) -> str:
    """Return JSON text without the U+0000 in it."""
    return _NUL.sub(rb"\1", raw).decode()


def storable(text: str) -> str:
    """Return text as PostgreSQL can store it: without U+0000 and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


rows = document  # the same text, named for what `jsonb_populate_recordset` makes of a list of mappings


def array(ids: Iterable[UUID]) -> str:
    """Return ids as one text for a uuid[] parameter: psycopg2 would have each read by itself."""
    return f"{{{','.join(map(str, ids))}}}"


# Fractions come back exact: a score is recomputed from what is stored. One decoder serves for all.
loads = json.JSONDecoder(parse_float=Decimal).decode
