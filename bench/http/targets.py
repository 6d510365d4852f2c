"""What the load asks for: tokens of many clients, items here and there, one page after the other."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import requests

from chassis import sql
from chassis.db import connect
from tests import tokens

if TYPE_CHECKING:
    from pathlib import Path

    from bench.http.stage import Side, Stage

queries: Any = sql.load(__file__)

SUPPLIERS = "/api/v1/suppliers/suppliers"
CLIENTS = 64
_ITEMS, _PAGES, _LIMIT = 2000, 100, 50


def addresses(made: Stage, kind: str, side: Side) -> Path:
    """Return the file of what to GET; a side names its next page in a way of its own."""
    return made.folder / (f"{kind}.{side.name}" if kind == "list" else kind)


def write(made: Stage) -> None:
    """Write the files that the load reads."""
    callers = [
        tokens.OURS.token("national_office", client_id=f"bench-{n}", minutes=600) for n in range(CLIENTS)
    ]
    (made.folder / "tokens").write_text("\n".join(callers))
    with closing(connect(made.dsn)) as conn:
        ids = [row.supplier_id for row in queries.some_suppliers(conn, limit=_ITEMS)]
    addresses(made, "get", made.sides[0]).write_text("\n".join(f"{SUPPLIERS}/{each}" for each in ids))
    for side in made.sides:
        addresses(made, "list", side).write_text("\n".join(_pages(side)))


def _pages(side: Side) -> list[str]:
    """Return the addresses of one page after the other, as the side itself names them."""
    found = [f"{SUPPLIERS}?limit={_LIMIT}"]
    while len(found) < _PAGES:
        answer = requests.get(side.base + found[-1], headers=tokens.OFFICE, timeout=20)
        answer.raise_for_status()
        found.append(f"{SUPPLIERS}?limit={_LIMIT}&after={answer.json()['next']}")
    return found
