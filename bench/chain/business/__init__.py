"""What is computed on the way, the same for Kedja and every peer: next to nothing, or the product's domain.

BENCH_BUSINESS says which. Each has the forms of the three events (`Assessment`, `Score`, `Audit`: what is
read of them; `ScoreTold`, `AuditTold`: what is told) and three pure functions:

    scored(assessment) -> Scored            told_score(key, scored, previous) -> what is told of it
    planned(score, audit_id, cause) -> Planned, with what is told of it
    noticed(audit, event_id) -> what a notice says

`previous`: the case's last score. Data are what the forms load.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from chassis import outbox
from chassis.loading import acceptor, reader

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from marshmallow import Schema


class Scored(NamedTuple):
    """A score, 0-100; its terms as JSON; and what else is told of it, whatever that is."""

    value: Decimal | int
    explained: str | None
    rest: Any = None


class Planned(NamedTuple):
    """An audit: its kind, by when it is held, why as JSON; and what is told of it."""

    kind: str
    due_on: date
    explained: str | None
    told: dict[str, Any]


def name() -> str:
    """Return which business is meant."""
    return os.environ.get("BENCH_BUSINESS", "trivial")


def chosen() -> Any:
    """Return its module."""
    return import_module(f"bench.chain.business.{name()}")


def read(form: type[Schema], data: dict[str, Any]) -> dict[str, Any]:
    """Return what a form loads of JSON; raises marshmallow.ValidationError."""
    loaded: dict[str, Any] = reader(form)(data)
    return loaded


def told(form: type[Schema], data: dict[str, Any]) -> dict[str, Any]:
    """Return data as JSON has them, checked by a form; raises marshmallow.ValidationError."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(data, default=outbox.number))
    if not acceptor(form)(data):
        reader(form)(plain)
    return plain
