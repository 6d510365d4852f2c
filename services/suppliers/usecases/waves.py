"""Rescorings of many cases: by a new rule set, dataset or analysis, and by time. Trials write no score.

A wave goes through the cases in the order of their keys, in parts of a transaction each, so that what
happens meanwhile waits for some hundred cases at most. It looks at no case by itself: those of a category
whose present scores consist of the same get the same new one. What is known of a case stands with its score,
since each change of it leads to a score; only countries' values and analyses are read anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chassis.errors import found
from services.suppliers import domain, repository
from services.suppliers.usecases import scoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Begin, Transaction
    from services.suppliers.domain import Case, Rescored, Rules
    from services.suppliers.repository.facts import Facts
    from services.suppliers.repository.waves import Group, Part

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


def _work_off(tx: Transaction, part: Part, now: datetime) -> None:
    wave = repository.waves.claim(tx, part)
    if wave is None:
        return
    groups = repository.waves.groups(tx, wave)
    if wave.kind == "trial":
        told, bands = _try(tx, wave, groups)
    else:
        told, bands = _rescore(tx, wave, groups, now)
    repository.waves.end(tx, part, bands, told)


def _rescore(
    tx: Transaction, wave: Any, groups: Mapping[Group, int], now: datetime
) -> tuple[int, Counter[tuple[str, str]]]:
    """Keep new scores, and tell of those that are news; what only time changed is kept if it shows."""
    scored = _scored(tx, groups, repository.rule_sets.active(tx), now)
    kept = {group: each for group, each in scored.items() if wave.kind != "decay" or each.differs}
    results = repository.scores.save_results(tx, kept.values()) if kept else {}
    new = {group: results[id(each.score)] for group, each in kept.items()}
    news = {group for group, each in kept.items() if each.is_news}
    by_result = {new[group]: each for group, each in kept.items()}
    told = [_of_case(row, by_result[row.new_id]) for row in repository.waves.move(tx, wave, new, news, now)]
    scoring.tell(tx, told, {each.case.key: [wave.wave_id] for each in told})
    return len(told), _counted(groups, {group: _bands(each) for group, each in scored.items()})


def _scored(tx: Transaction, groups: Iterable[Group], rules: Rules, as_of: datetime) -> dict[Group, Rescored]:
    """Score each group once: by its facts, with the countries' values and the analyses that hold now."""
    known = repository.waves.results(tx, {result_id for _, result_id in groups})
    named = {site["country"] for result in known.values() for site in result.inputs["sites"]}
    facts = repository.facts.Facts(tx, named, {category_id for category_id, _ in groups})
    cases = [_group_case(facts, category_id, known[result_id]) for category_id, result_id in groups]
    return dict(zip(groups, domain.rescore(cases, rules, as_of), strict=True))


def _group_case(facts: Facts, category_id: str, result: Any) -> Case:
    """Return a group as if it were one case."""
    inputs = result.inputs
    sites = tuple((site["tier"], site["country"]) for site in inputs["sites"])
    own = {name: inputs[name] for name in repository.facts.UNKNOWN}
    found = facts.of_sites(category_id, sites, None if own == repository.facts.UNKNOWN else own)
    previous = domain.Previous(result.score, result.band, domain.flags(result))
    return domain.Case((result.result_id, category_id), found, None, previous)


def _of_case(row: Any, group: Rescored) -> Rescored:
    key = (row.supplier_id, row.category_id)
    return replace(group, case=replace(group.case, key=key, contract_ends_on=row.contract_ends_on))


def _try(tx: Transaction, wave: Any, groups: Mapping[Group, int]) -> tuple[int, Counter[tuple[str, str]]]:
    """Note what a rule set would change, beside what the one in force gives on the same facts."""
    before = _scored(tx, groups, repository.rule_sets.active(tx), wave.begun_at)
    after = _scored(tx, groups, repository.rule_sets.named(tx, wave.rule_set), wave.begun_at)
    bands = {group: (before[group].score.band, after[group].score.band) for group in groups}
    moving = [group for group, (was, will) in bands.items() if was != will]
    rows = repository.waves.cases(tx, wave, moving) if moving else []
    changes = [
        _change(row, before[row.category_id, row.result_id], after[row.category_id, row.result_id])
        for row in rows
    ]
    repository.waves.add_trial_changes(tx, wave.wave_id, changes)
    return len(changes), _counted(groups, bands)


def _change(row: Any, was: Rescored, will: Rescored) -> dict[str, Any]:
    return {
        "supplier_id": row.supplier_id,
        "category_id": row.category_id,
        "score_before": was.score.score,
        "band_before": was.score.band,
        "score_after": will.score.score,
        "band_after": will.score.band,
        "why": domain.differences(was.score, will.score),
    }


def _bands(each: Rescored) -> tuple[str, str]:
    previous = each.case.previous
    return previous.band if previous else domain.NO_DATA, each.score.band


def _counted(groups: Mapping[Group, int], bands: Mapping[Group, tuple[str, str]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for group, cases in groups.items():
        found[bands[group]] += cases
    return found


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
