"""Rescorings of many cases: which there are, and the parts that they are worked off in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.domain import Kept, Previous, flags, parse_work
from services.suppliers.repository import facts
from services.suppliers.schemas.waves import TrialQuery, WaveQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from chassis.db import Transaction
    from services.suppliers.domain import Rescored
    from services.suppliers.domain.work import Work

    # category, result (its id as text, which is looked up faster): cases that get the same new score
    Group = tuple[str, str]

queries: Any = sql.load(__file__)

_LONGEST_REASON = 500


class Move(NamedTuple):
    """What becomes of a group of cases; `news`: what is told of it, None: nothing."""

    score: Decimal | None
    bands: tuple[str, str]  # before and after
    result_id: UUID | None  # None: nothing that shows
    news: Rescored | None


class Met(NamedTuple):
    """What a part's cases came to: those like cases that the wave has met are moved, the others not yet."""

    bands: Counter[tuple[str, str]]  # of those that are moved
    news: list[Any]  # those of them that are told of
    new: list[Any]  # the others


class Result(NamedTuple):
    """What a score consists of, as far as the next one follows from it.

    `known`: what is known of the case alone, its content only where that has to be worked out anew.
    """

    previous: Previous
    sites: facts.Sites
    known: Kept | None
    work: Work | None


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


def claim(tx: Transaction) -> Any | None:
    """Return a part that nobody works on, with its wave, held until the transaction ends; None: none."""
    return queries.claim_part(tx)


def give_out(tx: Transaction, size: int) -> bool:
    """Make a part of the next cases of the oldest wave, at most `size`; tell whether there were any."""
    part = None
    while part is None and (wave := queries.running_wave(tx)):
        part = _give_out(tx, wave, size)
    return part is not None


def _give_out(tx: Transaction, wave: Any, size: int) -> Any | None:
    after = {"supplier_id": wave.next_supplier_id, "category_id": wave.next_category_id}
    last = queries.last_of_part(tx, **after, of=wave.category_id, size=size)
    until = {"supplier_id": last and last.supplier_id, "category_id": last and last.category_id}
    if last:
        tx.later(queries.add_part, wave_id=wave.wave_id, part_id=uuid7(), **until)
    given_out = last is None or not last.more
    tx.later(queries.advance_wave, wave_id=wave.wave_id, **until, given_out=given_out)
    return last


def groups(tx: Transaction, part: Any) -> dict[Group, int]:
    """Return how many cases of a part have the same category and the same result."""
    rows = queries.groups_of_part(tx, **_bounds(part))
    return {(row.category_id, row.result_id): row.cases for row in rows}


def move_met(tx: Transaction, part: Any, basis: str, now: datetime) -> Met:
    """Lock the cases of a part until the transaction ends, and move those like which the wave has met some.

    It has met them on this `basis`.
    """
    this = {**_this(part, now), "basis": basis, **_bounds(part)}
    met = Met(Counter(), [], [])
    for row in queries.move_met(tx, **this):
        if row.supplier_id is None:
            met.bands[row.band_before, row.band_after] = row.cases
        else:
            (met.new if row.is_new else met.news).append(row)
    return met


def _this(part: Any, now: datetime) -> dict[str, Any]:
    # ids of this moment, the rest random: a million are made where the rows are
    return {"id_prefix": uuid7().bytes[:7], "as_of": now, "wave_id": part.wave_id}


def add_moves(tx: Transaction, part: Any, basis: str, moves: Mapping[Group, Move]) -> None:
    """Keep what becomes of groups that other parts have as well."""
    rows = [
        {
            "category_id": category_id,
            "result_id": result_id,
            "new_id": move.result_id,
            "news": move.news is not None,
            "score": move.score,
            "band_before": move.bands[0],
            "band_after": move.bands[1],
        }
        for (category_id, result_id), move in moves.items()
    ]
    if rows:
        tx.later(queries.add_moves, wave_id=part.wave_id, basis=basis, rows=sql.rows(rows))


def results(tx: Transaction, result_ids: Iterable[str], today: date) -> dict[str, Result]:
    """Return what scores consist of, by id, with what it is on a day (UTC)."""
    rows = list(queries.results(tx, result_ids=sorted(result_ids)))
    works = {row.result_id: parse_work(sql.loads(row.work), row) for row in rows if row.work}
    ended = {row.known_id for row in rows if row.work and not works[row.result_id].holds(today)}
    read = {row.known_id: row.facts for row in queries.known(tx, known_ids=sorted(ended))} if ended else {}
    return {
        row.result_id: Result(
            Previous(row.score, row.band, flags(row)),
            facts.kept_sites(row.sites),
            Kept(row.known_id, read.get(row.known_id, {}), "") if row.known_id else None,
            None if row.known_id in read else works.get(row.result_id),
        )
        for row in rows
    }


def move(tx: Transaction, part: Any, moved: Iterable[tuple[Any, Move]], now: datetime) -> None:
    """Give cases of a part, as `move_met` returns them, new results."""
    rows = [
        {
            "supplier_id": row.supplier_id,
            "category_id": row.category_id,
            "new_id": move.result_id,
            "score": move.score,
            "band": move.bands[1],
        }
        for row, move in moved
        if move.result_id
    ]
    if rows:
        tx.later(queries.move_cases, rows=sql.rows(rows), **_this(part, now))


def cases(tx: Transaction, part: Any, of: Iterable[Group]) -> list[Any]:
    """Return the cases of a part in some groups, in the order of their keys."""
    rows = [{"category_id": category_id, "result_id": result_id} for category_id, result_id in of]
    return list(queries.cases_of_part(tx, rows=sql.rows(rows), **_bounds(part)))


def _bounds(part: Any) -> dict[str, Any]:
    names = ("after_supplier_id", "after_category_id", "last_supplier_id", "last_category_id", "of")
    return {name: getattr(part, name) for name in names}


def end(tx: Transaction, part: Any, bands: Mapping[tuple[str, str], int], told: int) -> None:
    """Note what a part came to: (band before, band after) -> cases."""
    rows = [{"band_before": before, "band_after": after, "cases": n} for (before, after), n in bands.items()]
    tx.later(queries.add_bands, wave_id=part.wave_id, rows=sql.rows(rows))
    tx.later(queries.count_part, wave_id=part.wave_id, cases=sum(bands.values()), told=told)
    tx.later(queries.end_part, wave_id=part.wave_id, part_id=part.part_id)


def fail(tx: Transaction, part: Any, reason: str, now: datetime) -> None:
    """End a wave that cannot go on; its other parts are dropped by who comes upon them."""
    tx.later(queries.end_part, wave_id=part.wave_id, part_id=part.part_id)
    queries.fail_wave(tx, wave_id=part.wave_id, reason=sql.storable(reason)[:_LONGEST_REASON], now=now)


def end_finished(tx: Transaction, now: datetime) -> None:
    """Note which waves have ended."""
    tx.later(queries.end_waves, now=now)


def forget_moves(tx: Transaction) -> None:
    """Delete what was kept for parts of waves that have ended, also by parts that outlasted them."""
    tx.later(queries.forget_moves)


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
