"""Rescorings of many cases: by a new rule set, dataset or analysis, and by time. Trials write no score.

A wave goes through the cases in the order of their keys, in parts of a transaction each, so that what
happens meanwhile waits for some hundred cases at most. It looks at no case by itself: those of a category
whose present scores consist of the same, a group, get the same new one. What becomes of a group that many
parts have is worked out once, and the database moves its cases from then on. What is known of a case stands
with its score, since each change of it leads to a score; only countries' values and analyses are read anew.
"""

from __future__ import annotations

import time
from collections import ChainMap, Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from chassis import faults
from chassis.errors import Conflict, NotFound, found
from services.suppliers import domain, repository, views
from services.suppliers.repository.waves import Move
from services.suppliers.usecases import remembered, scoring
from services.suppliers.usecases.remembered import Shared

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from chassis.access import Identity
    from chassis.db import Begin, Transaction
    from services.suppliers.domain import Case, Kept, Key, Rescored, Rules, Score
    from services.suppliers.repository.waves import Group, Result

log = structlog.get_logger()


def begin(tx: Transaction, kind: str, about: str, now: datetime, category_id: str | None = None) -> UUID:
    """Begin a wave with the rule set in force, and return its id."""
    wave = {
        "kind": kind,
        "about": about,
        "rule_set": repository.rule_sets.active_name(tx),
        "category_id": category_id,
    }
    tx.wake("waves")
    return repository.waves.add(tx, wave, now)


def begin_decay(tx: Transaction, now: datetime) -> bool:
    """Begin a month's decay unless that was done; tell whether it was begun."""
    month = now.strftime("%Y-%m")
    if repository.waves.has_decay(tx, month):
        return False
    begin(tx, "decay", month, now)
    return True


def repeat(tx: Transaction, wave_id: UUID, now: datetime) -> dict[str, Any]:
    """Begin a wave anew that failed: by the rule set in force, a trial by the one that is tried.

    Raises Conflict for one that did not fail, and for a month's decay that was begun anew already.
    """
    failed = get_wave(tx, wave_id)
    if failed["failure"] is None:
        raise Conflict("Only what could not be worked off is begun anew; this was, or is being, worked off.")
    same = {name: failed[name] for name in ("kind", "about", "rule_set", "category_id")}
    if failed["kind"] != "trial":
        same["rule_set"] = repository.rule_sets.active_name(tx)
    again = repository.waves.wave(tx, repository.waves.add(tx, same, now))
    if again is None:
        raise Conflict("It was begun anew already.")
    tx.wake("waves")
    return again


_memo, _pace = remembered.Memo(), remembered.Pace()


def work(begin_tx: Begin, now: datetime, size: int | None = None) -> bool:
    """Work a part of the oldest wave off, if there is one; tell whether there may be more.

    `size`: how many cases the next one has at most; None: as many as the last ones have shown to be quick.
    """
    size = size or _pace.size
    if _work_off_one(begin_tx, now, size):
        return True
    given = _give_out(begin_tx, now, size)
    if given:
        _work_off_one(begin_tx, now, size)  # unless another replica is quicker
    return given


def _give_out(begin_tx: Begin, now: datetime, size: int) -> bool:
    """Give a part out, if there is one; where there is none, remember nothing, and end what is finished."""
    with begin_tx() as tx:
        given = repository.waves.give_out(tx, size)
        repository.waves.end_finished(tx, now)
        if not given:
            repository.waves.forget_moves(tx)
            _memo.forget()
    return given


def _work_off_one(begin_tx: Begin, now: datetime, size: int) -> bool:
    """Work a part off, and give the next one out; what would go wrong again ends its wave."""
    began, part, cases = time.monotonic(), None, 0
    try:
        with begin_tx() as tx:
            part = repository.waves.claim(tx)
            if part:
                cases = _work_off(tx, part, now)
                repository.waves.give_out(tx, size)
                repository.waves.end_finished(tx, now)
    except Exception as fault:
        _memo.forget()  # what it takes for kept may not be
        if part is None or not faults.lasting(fault):
            raise
        log.exception("wave_failed", wave=str(part.wave_id))
        with begin_tx() as tx:
            repository.waves.fail(tx, part, f"{type(fault).__name__}: {fault}", now)
    if cases:
        _pace.took(time.monotonic() - began, cases)
    return part is not None


def _work_off(tx: Transaction, part: Any, now: datetime) -> int:
    """Work a part off, which has its wave in it; return how many cases that were."""
    bands, told = Counter[tuple[str, str]](), 0
    if part.ended_at is None:  # it has not failed meanwhile
        repository.basis.share(tx)
        rules = repository.rule_sets.active(tx)
        bands, told = _try(tx, part, rules) if part.kind == "trial" else _rescore(tx, part, rules, now)
    repository.waves.end(tx, part, bands, told)
    return bands.total()


def _rescore(tx: Transaction, wave: Any, rules: Rules, now: datetime) -> tuple[Counter[tuple[str, str]], int]:
    """Give the cases of a part, with its wave, their new scores, and tell of those that are news.

    Returns how many went from which band to which, and how many were told of.
    """
    basis = f"{repository.basis.mark(tx)} {domain.utc_day(now)}"
    this = (wave.wave_id, basis)
    met = repository.waves.move_met(tx, wave, basis, now)
    shared, new = _memo.shared(this, rules, now), Counter(map(_group, met.new))
    scored = _scored(tx, new, shared, rules, now)
    moves = _moves(tx, wave, scored, shared)
    # where something is known of a case alone, no other has the same
    lasting = {group: moves[group] for group, each in scored.items() if each.case.known is None}
    repository.waves.add_moves(tx, wave, basis, lasting)
    repository.waves.move(tx, wave, ((row, moves[_group(row)]) for row in met.new), now)
    known = ChainMap(scored, _memo.news(this))
    elsewhere = {group for row in met.news if (group := _group(row)) not in known}  # another replica met them
    others = _scored(tx, elsewhere, shared, rules, now)
    known = known.new_child(others)
    _memo.learn(this, {group: move.news for group, move in lasting.items() if move.news} | others)
    rows = [*met.news, *(row for row in met.new if moves[_group(row)].news)]
    told = [_of_case(row, known[_group(row)]) for row in sorted(rows, key=_key)]
    scoring.tell(tx, told, {each.case.key: [wave.wave_id] for each in told})
    return met.bands + _counted(new, {group: move.bands for group, move in moves.items()}), len(told)


def _group(row: Any) -> Group:
    return row.category_id, row.result_id


def _key(row: Any) -> Key:
    return UUID(row.supplier_id), row.category_id


def _moves(tx: Transaction, wave: Any, scored: Mapping[Group, Rescored], shared: Shared) -> dict[Group, Move]:
    """Keep the new scores of groups, each once; what only time changed is kept if it shows."""
    kept = [each for each in scored.values() if wave.kind != "decay" or each.differs]
    results = repository.scores.save_results(tx, kept, shared.kept)
    shared.kept.update(each.case.exposed.id for each in kept)
    return {
        group: Move(
            each.score.score, _bands(each), results.get(id(each.score)), each if each.is_news else None
        )
        for group, each in scored.items()
    }


def _scored(
    tx: Transaction, groups: Collection[Group], shared: Shared, rules: Rules, as_of: datetime
) -> dict[Group, Rescored]:
    """Score each group once: by its facts, with the countries' values and the analyses that hold now."""
    if not groups:
        return {}
    were = repository.waves.results(tx, {result_id for _, result_id in groups}, domain.utc_day(as_of))
    exposed = [(category_id, were[result_id].sites) for category_id, result_id in groups]
    shared.facts.learn(tx, exposed)
    cases = (
        _group_case(group, shared.facts.of(*of), were[group[1]])
        for group, of in zip(groups, exposed, strict=True)
    )
    scored = domain.rescore(scoring.in_turns(cases), rules, as_of, shared.inherents)
    return dict(zip(groups, scored, strict=True))


def _group_case(group: Group, exposed: Kept, was: Result) -> Case:
    """Return a group as if it were one case."""
    key: Any = group
    return domain.Case(key, exposed, was.known, None, was.previous, was.work)


def _of_case(row: Any, group: Rescored) -> Rescored:
    case = replace(group.case, key=_key(row), contract_ends_on=row.contract_ends_on)
    return replace(group, case=case)


def _try(tx: Transaction, wave: Any, rules: Rules) -> tuple[Counter[tuple[str, str]], int]:
    """Note what a rule set would change in a part, beside what the one in force gives on the same facts.

    Returns how many cases would go from which band to which, and how many would be in another.
    """
    groups = repository.waves.groups(tx, wave)
    tried, facts = repository.rule_sets.named(tx, wave.rule_set), repository.facts.Facts()
    before, after = (
        _scored(tx, groups, Shared.of(facts, each, wave.begun_at), each, wave.begun_at)
        for each in (rules, tried)
    )
    bands = {group: (before[group].score.band, after[group].score.band) for group in groups}
    moving = [group for group, (was, will) in bands.items() if was != will]
    rows = repository.waves.cases(tx, wave, moving) if moving else []
    of = [(row.category_id, row.result_id) for row in rows]
    changes = [
        _change(row, before[group].score, after[group].score, (rules, tried))
        for row, group in zip(rows, of, strict=True)
    ]
    repository.waves.add_trial_changes(tx, wave.wave_id, changes)
    return _counted(groups, bands), len(changes)


def _change(row: Any, was: Score, will: Score, by: tuple[Rules, Rules]) -> dict[str, Any]:
    return {
        "supplier_id": row.supplier_id,
        "category_id": row.category_id,
        "score_before": was.score,
        "band_before": was.band,
        "score_after": will.score,
        "band_after": will.band,
        "why": domain.differences(was, will, *by),
    }


def _bands(each: Rescored) -> tuple[str, str]:
    previous = each.case.previous
    return previous.band if previous else domain.NO_DATA, each.score.band


def _counted(groups: Mapping[Group, int], bands: Mapping[Group, tuple[str, str]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for group, cases in groups.items():
        found[bands[group]] += cases
    return found


def list_waves(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of waves; their bands for the office: those of few cases would tell others' scores."""
    page = repository.waves.waves(tx, query)
    if actor.view == views.INTERNAL:
        return page
    return {**page, "items": [row._replace(bands=None) for row in page["items"]]}


def show_wave(tx: Transaction, wave_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a wave, as far as it is, as the caller may see it."""
    wave = get_wave(tx, wave_id)
    return wave if actor.view == views.INTERNAL else {**wave, "bands": None}


def get_wave(tx: Transaction, wave_id: UUID) -> dict[str, Any]:
    """Return a wave, as far as it is."""
    return found(repository.waves.wave(tx, wave_id), "wave")


def list_trial_changes(tx: Transaction, wave_id: UUID, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the cases that a trial would bring into another band.

    Raises NotFound once they are forgotten.
    """
    page = repository.waves.trial_changes(tx, wave_id, query)
    # asked afterwards: nobody sees a part of what is being deleted
    gone_at = get_wave(tx, wave_id)["changes_gone_at"]
    if gone_at:
        raise NotFound(f"What this trial would change was forgotten at {gone_at:%Y-%m-%d %H:%M}: try anew.")
    return page
