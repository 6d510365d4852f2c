"""Rescorings of many cases: which there are, and the parts that they are worked off in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.schemas.waves import TrialQuery, WaveQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction
    from services.suppliers.domain import Key

    Part = tuple[UUID, UUID]  # wave, part

queries: Any = sql.load(__file__)


def add(tx: Transaction, wave: Mapping[str, Any], now: datetime) -> UUID:
    """Begin a wave (kind, about, rule_set, category_id) and return its id.

    Datasets that come one after another share one that has not started.
    """
    if wave["kind"] == "dataset":
        own = {name: wave[name] for name in ("kind", "about", "rule_set")}
        joined: UUID | None = queries.join_wave(tx, **own)
        if joined:
            return joined
    wave_id = uuid7()
    queries.add_wave(tx, wave_id=wave_id, now=now, **wave)
    return wave_id


def has_decay(tx: Transaction, month: str) -> bool:
    """Tell whether a month's decay (2026-11) has been begun."""
    return bool(queries.has_decay(tx, about=month))


def next_part(tx: Transaction, size: int) -> Part | None:
    """Return a part that nobody works on: one that was left, or the next `size` cases of the oldest wave."""
    left = queries.abandoned_part(tx)
    if left:
        return left.wave_id, left.part_id
    wave = queries.running_wave(tx)
    return wave and _give_out(tx, wave, size)


def _give_out(tx: Transaction, wave: Any, size: int) -> Part | None:
    after = {"supplier_id": wave.next_supplier_id, "category_id": wave.next_category_id}
    last = queries.last_of_part(tx, **after, of=wave.category_id, size=size)
    until = {"supplier_id": last and last.supplier_id, "category_id": last and last.category_id}
    part = (wave.wave_id, uuid7())
    if last:
        queries.add_part(tx, wave_id=part[0], part_id=part[1], **until)
    queries.advance_wave(tx, wave_id=part[0], **until, given_out=last is None or last.cases < size)
    return part if last else None


def claim(tx: Transaction, part: Part) -> Any | None:
    """Return a part with its wave, held until the transaction ends; None if somebody else has it."""
    return queries.claim_part(tx, wave_id=part[0], part_id=part[1])


def lock_cases(tx: Transaction, part: Any) -> list[Key]:
    """Lock the cases of a part in order, and return their keys."""
    bounds = ("after_supplier_id", "after_category_id", "last_supplier_id", "last_category_id", "of")
    rows = queries.lock_part(tx, **{name: getattr(part, name) for name in bounds})
    return [(row.supplier_id, row.category_id) for row in rows]


def end(tx: Transaction, part: Part, bands: Mapping[tuple[str, str], int], told: int) -> None:
    """Note what a part came to: (band before, band after) -> cases."""
    rows = [{"band_before": before, "band_after": after, "cases": n} for (before, after), n in bands.items()]
    tx.later(queries.add_bands, wave_id=part[0], rows=sql.rows(rows))
    tx.later(queries.count_part, wave_id=part[0], cases=sum(bands.values()), told=told)
    tx.later(queries.end_part, wave_id=part[0], part_id=part[1])


def end_finished(tx: Transaction, now: datetime) -> None:
    """Note which waves have ended."""
    queries.end_waves(tx, now=now)


def add_trial_changes(tx: Transaction, wave_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep which cases would be in another band."""
    tx.later(queries.add_trial_changes, wave_id=wave_id, rows=sql.rows(rows))


def waves(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of waves, the oldest first unless asked otherwise."""
    filters = {"wave_id": None, "kind": query["kind"], "running": query["running"]}
    return paging.fetch(tx, queries.waves, query, WaveQuery, **filters)


def wave(tx: Transaction, wave_id: UUID) -> dict[str, Any] | None:
    """Return one wave."""
    return next((row._asdict() for row in queries.waves(tx, wave_id=wave_id, kind=None, running=None)), None)


def trial_changes(tx: Transaction, wave_id: UUID, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the cases that a trial would bring into another band."""
    filters = {name: query[name] for name in ("band_before", "band_after")}
    return paging.fetch(tx, queries.trial_changes, query, TrialQuery, wave_id=wave_id, **filters)


def tried(tx: Transaction, rule_set: str) -> bool:
    """Tell whether a trial of a rule set has ended."""
    return bool(queries.tried(tx, rule_set=rule_set))
