"""Cases with what their scores follow from, and the scores."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.domain import FLAGS, Case, Previous, flags
from services.suppliers.events import DeviationOverdue, DeviationVerified
from services.suppliers.repository import basis, terms
from services.suppliers.repository.facts import Facts, Inputs, sites_of
from services.suppliers.schemas import HistoryQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.events import Received
    from services.suppliers.domain import Key, Rescored

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
    return [_case(row, facts.of(*of, row.known)) for row, of in zip(rows, exposed, strict=True)]


def _case(row: Any, inputs: Inputs) -> Case:
    key = (row.supplier_id, row.category_id)
    return Case(key, inputs.read, row.contract_ends_on, _previous(row), inputs.written)


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


def save_results(tx: Transaction, scored: Iterable[Rescored]) -> dict[int, UUID]:
    """Keep what scores consist of, under a hash of it; return the ids by the scores' id()."""
    found: dict[int, tuple[UUID, str]] = {}
    for each in scored:
        if id(each.score) not in found:
            found[id(each.score)] = _result(each)
    rows = dict(found.values())
    whole = ",".join(f'{{"result_id":"{result_id}",{text[1:]}' for result_id, text in rows.items())
    tx.later(queries.save_results, rows=f"[{whole}]")
    return {score: result_id for score, (result_id, _) in found.items()}


def _result(rescored: Rescored) -> tuple[UUID, str]:
    """Return what a score consists of as JSON, and a hash of it: who has the same has the same row."""
    score, inputs = rescored.score, rescored.case.written or sql.document(rescored.case.inputs)
    outcome = sql.document(
        {name: getattr(score, name) for name in _OUTCOME} | {"rule_set": rescored.rule_set}
    )
    written = f'"areas":{terms.areas(score.areas)},"cells":{terms.cells(score.bare_cells)}'
    text = f'{{"inputs":{inputs},{written},{outcome[1:]}'
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16]), text


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
    return list(queries.current_scores(tx, supplier_id=supplier_id, **reach))


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
    return paging.fetch(tx, queries.score_history, query, HistoryQuery, **filters)


def _keys(keys: Iterable[Key]) -> str:
    return sql.rows([{"supplier_id": each, "category_id": category} for each, category in sorted(keys)])
