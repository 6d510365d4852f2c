"""Rescorings of many cases: by a new rule set, dataset or analysis, and by time. Trials write no score.

A wave goes through the cases in the order of their keys, in parts of a transaction each, so that what
happens meanwhile waits for some hundred cases at most. Whatever a case hears of before or after is scored by
the same facts: a wave that ends has left no case behind.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from chassis.errors import found
from services.suppliers import domain, repository
from services.suppliers.usecases import scoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Begin, Transaction
    from services.suppliers.domain import Case, Rescored, Rules

# A part takes some tens of milliseconds of the process: that long others wait
PART = 500


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


def work(begin_tx: Begin, now: datetime, size: int = PART) -> bool:
    """Work a part of the oldest wave off, if there is one; tell whether there may be more."""
    with begin_tx() as tx:
        part = repository.waves.next_part(tx, size)
    if part:
        with begin_tx() as tx:
            _work_off(tx, part, now)
    with begin_tx() as tx:
        repository.waves.end_finished(tx, now)
    return part is not None


def _work_off(tx: Transaction, part: tuple[UUID, UUID], now: datetime) -> None:
    wave = repository.waves.claim(tx, part)
    if wave is None:
        return
    cases = repository.scores.cases_to_score(tx, repository.waves.lock_cases(tx, wave))
    rules = repository.rule_sets.named(tx, wave.rule_set)
    if wave.kind == "trial":
        told, bands = _try(tx, wave, cases, rules)
    else:
        told, bands = _rescore(tx, wave, domain.rescore(cases, repository.rule_sets.active(tx), now))
    repository.waves.end(tx, part, bands, told)


def _rescore(tx: Transaction, wave: Any, scored: Sequence[Rescored]) -> tuple[int, Counter[tuple[str, str]]]:
    """Keep new scores, and tell of those that are news; what only time changed is kept if it shows."""
    kept = [each for each in scored if each.differs] if wave.kind == "decay" else scored
    news = [each for each in kept if each.is_news]
    causes = {each.case.key: [wave.wave_id] for each in kept}
    repository.scores.save_scores(tx, kept, causes)
    scoring.tell(tx, news, causes)
    return len(news), _bands(scored)


def _try(
    tx: Transaction, wave: Any, cases: Sequence[Case], rules: Rules
) -> tuple[int, Counter[tuple[str, str]]]:
    """Note what a rule set would change, beside what the one in force gives on the same facts."""
    after = domain.rescore(cases, rules, wave.begun_at)
    before = domain.rescore(cases, repository.rule_sets.active(tx), wave.begun_at)
    pairs = list(zip(before, after, strict=True))
    changes = [_change(was, will) for was, will in pairs if was.score.band != will.score.band]
    repository.waves.add_trial_changes(tx, wave.wave_id, changes)
    return len(changes), Counter((was.score.band, will.score.band) for was, will in pairs)


def _change(was: Rescored, will: Rescored) -> dict[str, Any]:
    supplier_id, category_id = was.case.key
    return {
        "supplier_id": supplier_id,
        "category_id": category_id,
        "score_before": was.score.score,
        "band_before": was.score.band,
        "score_after": will.score.score,
        "band_after": will.score.band,
        "why": domain.differences(was.score, will.score),
    }


def _bands(scored: Iterable[Rescored]) -> Counter[tuple[str, str]]:
    return Counter(
        (each.case.previous.band if each.case.previous else domain.NO_DATA, each.score.band)
        for each in scored
    )


def list_waves(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of waves."""
    return repository.waves.waves(tx, query)


def get_wave(tx: Transaction, wave_id: UUID) -> dict[str, Any]:
    """Return a wave, as far as it is."""
    return found(repository.waves.wave(tx, wave_id), "wave")


def list_trial_changes(tx: Transaction, wave_id: UUID, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the cases that a trial would bring into another band."""
    get_wave(tx, wave_id)
    return repository.waves.trial_changes(tx, wave_id, query)
