"""Cases with what their scores follow from, and the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.domain import FLAGS, Case, Previous, cells, flags, parse_facts
from services.suppliers.events import DeviationOverdue, DeviationVerified
from services.suppliers.repository import basis, rule_sets, terms
from services.suppliers.repository.facts import Facts, content_id, known_of, sites_of
from services.suppliers.schemas import HistoryQuery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.events import Received
    from services.suppliers.domain import Kept, Key, Rescored

queries: Any = sql.load(__file__)

_OUTCOME = (*FLAGS, "score", "band", "no_data_areas")


def lock_cases(tx: Transaction, keys: Iterable[Key]) -> None:
    """Make the cases that are not known yet and lock all of them, in order, until the transaction ends.

    What they are scored with stays as it is until then, too.
    """
    rows = _keys(keys)
    basis.share(tx)
    tx.later(queries.create_cases, keys=rows)
    list(queries.lock_cases(tx, keys=rows))


def save_judgements(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep each case's completed assessment unless a newer one is there."""
    latest: dict[Key, Received] = {}
    for event in newest:  # two subjects are one case where suppliers were merged
        key = (event.data["supplier_id"], event.data["category_id"])
        if key not in latest or latest[key].data["completed_at"] <= event.data["completed_at"]:
            latest[key] = event
    rows = [{"version": _version(event), **event.data} for event in latest.values()]
    queries.save_judgements(tx, rows=sql.rows(rows))


def _version(event: Received) -> int:
    """Return an event's version; 0 if it was told of an absorbed supplier: nothing to compare it by."""
    return 0 if event.data.get("told_of") else event.version


def save_findings(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep what audits found in cases, unless a newer report of the same audit is there."""
    rows = {}
    for event in sorted(newest, key=_version):  # where suppliers were merged, the survivor's own last
        key = (event.data["supplier_id"], event.data["category_id"], event.data["audit_id"])
        rows[key] = {"version": _version(event), **event.data}
    queries.save_findings(tx, rows=sql.rows(list(rows.values())))


def cases_of_deviations(tx: Transaction, deviation_ids: Iterable[UUID]) -> dict[UUID, Key]:
    """Return the cases that deviations are, and stay, in; to be asked before cases are locked."""
    rows = queries.hold_deviations(tx, deviation_ids=sorted(deviation_ids))
    return {row.deviation_id: (row.supplier_id, row.category_id) for row in rows}


def save_deviations(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep deviations as the newest event about each says that they are."""
    rows = [
        {
            "version": event.version,
            **event.data,
            "open": event.type != DeviationVerified.type,
            "overdue": event.type == DeviationOverdue.type,
        }
        for event in newest
    ]
    queries.save_deviations(tx, rows=sql.rows(rows))


def cases_to_score(tx: Transaction, keys: Iterable[Key]) -> list[Case]:
    """Return the cases with all that their scores follow from; cases without a contract are left out."""
    rows = list(queries.cases_to_score(tx, keys=_keys(keys)))
    facts, exposed = Facts(), [(row.category_id, sites_of(row.sites)) for row in rows]
    facts.learn(tx, exposed)
    return [_case(row, facts.of(*of)) for row, of in zip(rows, exposed, strict=True)]


def _case(row: Any, exposed: Kept) -> Case:
    key = (row.supplier_id, row.category_id)
    return Case(key, exposed, known_of(row.known), row.contract_ends_on, _previous(row))


def _previous(row: Any) -> Previous | None:
    return None if row.band is None else Previous(row.score, row.band, flags(row))


def owners_of_cases(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Owners]:
    """Return whose each case is."""
    rows = queries.owners_of_cases(tx, keys=_keys(keys))
    return {
        (row.supplier_id, row.category_id): {
            "region": row.regions,
            "area": [row.responsible_area] if row.responsible_area else [],
        }
        for row in rows
    }


def save_scores(tx: Transaction, scored: Sequence[Rescored], causes: Mapping[Key, Sequence[UUID]]) -> None:
    """Append scores with their terms, facts and causes, and make each its case's present one.

    All are of one moment.
    """
    if not scored:
        return
    results = save_results(tx, scored)
    rows = [_score_row(each, results[id(each.score)], causes[each.case.key]) for each in scored]
    tx.later(queries.save_scores, rows=sql.rows(rows), as_of=scored[0].as_of)


def save_results(tx: Transaction, scored: Iterable[Rescored], kept: Collection[UUID] = ()) -> dict[int, UUID]:
    """Keep what scores consist of and follow from, under hashes of it; return the ids by the scores' id().

    `kept`: what they follow from that is kept already.
    """
    found = {id(each.score): each for each in scored}
    texts = {score: _result(each) for score, each in found.items()}
    exposures = {each.case.exposed.id: each.case.exposed for each in found.values()}
    known = {each.case.known.id: each.case.known for each in found.values() if each.case.known}
    _save(tx, queries.save_exposures, "exposure_id", _facts(exposures.values(), kept))
    _save(tx, queries.save_known, "known_id", _facts(known.values(), kept))
    ids = {score: content_id(text) for score, text in texts.items()}
    _save(tx, queries.save_results, "result_id", {ids[score]: text for score, text in texts.items()})
    return ids


def _facts(of: Iterable[Kept], kept: Collection[UUID]) -> dict[UUID, str]:
    return {each.id: f'{{"facts":{each.written}}}' for each in of if each.written and each.id not in kept}


def _save(tx: Transaction, query: Any, name: str, rows: Mapping[UUID, str]) -> None:
    """Keep JSON objects, each with its id in it."""
    if rows:
        whole = ",".join(f'{{"{name}":"{content_id}",{text[1:]}' for content_id, text in rows.items())
        tx.later(query, rows=f"[{whole}]")


def _result(rescored: Rescored) -> str:
    """Return what a score consists of as JSON: who has the same has the same row."""
    score, case = rescored.score, rescored.case
    follows = {"exposure_id": case.exposed.id, "known_id": case.known and case.known.id}
    outcome = {name: getattr(score, name) for name in _OUTCOME}
    told = {"rule_set": rescored.rule_set, "assessed_at": score.work.assessed_at}
    text = sql.document(follows | outcome | told)
    return f'{text[:-1]},"areas":{terms.areas(score.areas)},"work":{terms.work(score)}}}'


def _score_row(rescored: Rescored, result_id: UUID, causes: Sequence[UUID]) -> dict[str, Any]:
    case = rescored.case
    return {
        "supplier_id": case.key[0],
        "category_id": case.key[1],
        "score_id": uuid7(),
        "result_id": result_id,
        "contract_ends_on": case.contract_ends_on,
        "causes": causes,
    }


def current_scores(tx: Transaction, supplier_id: UUID, reach: Mapping[str, str | None]) -> list[Any]:
    """Return the present score of each of a supplier's cases within reach (region, area), by category."""
    return _with_cells(tx, queries.current_scores(tx, supplier_id=supplier_id, **reach))


def _with_cells(tx: Transaction, rows: Iterable[Any]) -> list[Any]:
    """Return scores with what counts in each cell: it follows from their facts, by their own rule set."""
    found = list(rows)
    rules = {name: rule_sets.named(tx, name) for name in {row.rule_set for row in found}}
    return [
        row._replace(cells=cells(parse_facts(row.inputs), rules[row.rule_set], row.as_of)) for row in found
    ]


def scores_after(tx: Transaction, after: Key | None, limit: int) -> list[Any]:
    """Return `limit` cases' present scores, by case, from after one on."""
    supplier_id, category_id = after or (None, None)
    return list(queries.scores_after(tx, supplier_id=supplier_id, category_id=category_id, limit=limit))


def scored_otherwise(tx: Transaction, keys: Iterable[Key]) -> set[Key]:
    """Return those of the cases whose present score does not take in the judgement that is stored."""
    rows = queries.scored_otherwise(tx, keys=_keys(keys))
    return {(row.supplier_id, row.category_id) for row in rows}


def score_history(
    tx: Transaction, supplier_id: UUID, query: Mapping[str, Any], reach: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return a page of a supplier's scores within reach (region, area)."""
    filters = {"supplier_id": supplier_id, "category_id": query["category_id"], **reach}
    page = paging.fetch(tx, queries.score_history, query, HistoryQuery, **filters)
    return {**page, "items": _with_cells(tx, page["items"])}


def _keys(keys: Iterable[Key]) -> str:
    return sql.rows([{"supplier_id": each, "category_id": category} for each, category in sorted(keys)])
