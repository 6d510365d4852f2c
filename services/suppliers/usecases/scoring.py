"""When a case gets a new score, and what is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import changes, outbox, turns
from chassis.changes import Change
from chassis.events import newest
from chassis.metrics import Gauge
from services.suppliers import domain, events, repository
from services.suppliers.usecases import aliases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from chassis.db import Transaction
    from chassis.events import Event, Received
    from services.suppliers.domain import Case, Key, Rescored


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


def rescore_after_assessment(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Keep what was judged, and score the cases again; where it is only repeated, if the score lacks it."""
    batch = aliases.at_survivors(tx, batch)
    _rescore_after(tx, _by_case(batch), lambda: repository.scores.save_judgements(tx, newest(batch)), now)


def rescore_after_findings(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Keep what audits found and which deviations are open, and score the cases again; likewise.

    Of a deviation that was in another case, that case too.
    """
    batch = aliases.at_survivors(tx, batch)
    reports = [event for event in batch if event.type == events.AuditReported.type]
    deviations = [event for event in batch if event.type != events.AuditReported.type]

    def save() -> None:
        repository.scores.save_findings(tx, _newest_reports(reports))
        repository.scores.save_deviations(tx, newest(deviations))

    heard = _by_case(batch)
    if deviations:
        left = repository.scores.cases_of_deviations(tx, {each.data["deviation_id"] for each in deviations})
        for event in deviations:
            key = left.get(event.data["deviation_id"], _case(event))
            if key != _case(event):
                heard[key].append(event)
    _rescore_after(tx, heard, save, now)


def _newest_reports(batch: Sequence[Received]) -> list[Received]:
    """Return the newest of each audit: a case has several, and all are facts."""
    by_audit: defaultdict[UUID, list[Received]] = defaultdict(list)
    for event in batch:
        by_audit[event.data["audit_id"]].append(event)
    return [event for its in by_audit.values() for event in newest(its)]


def _case(event: Received) -> Key:
    return event.data["supplier_id"], event.data["category_id"]


def _by_case(batch: Sequence[Received]) -> defaultdict[Key, list[Received]]:
    heard: defaultdict[Key, list[Received]] = defaultdict(list)
    for event in batch:
        heard[_case(event)].append(event)
    return heard


def _rescore_after(
    tx: Transaction, heard: Mapping[Key, Sequence[Received]], save: Callable[[], None], now: datetime
) -> None:
    repository.scores.lock_cases(tx, heard)
    save()
    repeated = {key for key, its in heard.items() if all(event.resync for event in its)}
    known = repeated - repository.scores.scored_otherwise(tx, repeated)
    causes = {key: [event.id for event in its] for key, its in heard.items() if key not in known}
    rescore(tx, causes, heard, now)


def rescore(
    tx: Transaction,
    causes: Mapping[Key, Sequence[UUID]],
    heard: Mapping[Key, Sequence[Received]],
    now: datetime,
    *,
    imported: bool = False,
) -> None:
    """Score locked cases by what is stored; each new score is kept whole and told, quietly if of the past."""
    cases = repository.scores.cases_to_score(tx, causes)
    scored = domain.rescore(in_turns(cases), repository.rule_sets.active(tx), now)
    repository.scores.save_scores(tx, scored, causes)
    tell(tx, scored, causes, heard, imported=imported)


def in_turns(cases: Iterable[Case]) -> Iterator[Case]:
    """Return cases one by one, and let others run between two: hundreds take a tenth of a second."""
    for case in cases:
        turns.passed()
        yield case


def tell(
    tx: Transaction,
    scored: Sequence[Rescored],
    causes: Mapping[Key, Sequence[UUID]],
    heard: Mapping[Key, Sequence[Received]] = _NOTHING,
    *,
    imported: bool = False,
) -> None:
    """Tell of new scores: an event each, and a row of `changes`."""
    owners = repository.scores.owners_of_cases(tx, [each.case.key for each in scored]) if scored else {}
    changes.note(tx, [Change("risk", "/".join(map(str, key)), owners=owners[key]) for key in owners])
    told = [
        events.supplier_risk_rescored(
            each, causes[each.case.key], heard.get(each.case.key, ()), imported=imported
        )
        for each in scored
    ]
    outbox.emit(tx, told)


def present_scores(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of scores, by subject."""
    supplier_id, _, category_id = (after or "").partition("/")
    rows = repository.scores.scores_after(tx, (UUID(supplier_id), category_id) if after else None, limit)
    return [events.present_risk(row) for row in rows]


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how many suppliers are in each band, by their worst category."""
    counts = repository.figures.suppliers_by_band(tx)
    text = "Suppliers by the band of their worst category"
    bands = [*domain.BANDS, domain.NO_DATA]
    return [Gauge("suppliers_by_band", text, {"band": band}, counts.get(band, 0)) for band in bands]
