"""What the service does: load, decide, save, emit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import ValidationError

from chassis import outbox
from chassis.errors import Invalid, NotFound, found
from chassis.events import newest
from chassis.http import page
from chassis.metrics import Gauge
from services.suppliers import domain, events, reference, repository, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chassis.db import Transaction
    from chassis.events import Event, Received
    from services.suppliers.domain import Key


def register_supplier(tx: Transaction, new: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Register a supplier; each category that it has a contract in becomes a case with a first score."""
    _require_categories(tx, new)
    supplier = get_supplier(tx, repository.add_supplier(tx, new, now))
    registered = outbox.emit(tx, [events.supplier_registered(supplier)])
    keys = {(supplier["supplier_id"], contract["category_id"]) for contract in new["contracts"]}
    repository.lock_cases(tx, keys)
    _rescore(tx, dict.fromkeys(keys, registered), {}, now)
    return supplier


def rescore_after_assessment(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Keep what was judged, and score the cases again; where it is only repeated, if the score lacks it."""
    heard: defaultdict[Key, list[Received]] = defaultdict(list)
    for event in batch:
        heard[event.data["supplier_id"], event.data["category_id"]].append(event)
    repository.lock_cases(tx, heard)
    repository.save_judgements(tx, newest(batch))
    repeated = {key for key, its in heard.items() if all(event.resync for event in its)}
    known = repeated - repository.scored_otherwise(tx, repeated)
    causes = {key: [event.id for event in its] for key, its in heard.items() if key not in known}
    _rescore(tx, causes, heard, now)


def _rescore(
    tx: Transaction,
    causes: Mapping[Key, Sequence[UUID]],
    heard: Mapping[Key, Sequence[Received]],
    now: datetime,
) -> None:
    """Score locked cases by what is stored; each new score is kept whole and told."""
    cases, rules = repository.cases_to_score(tx, causes), reference.rules()
    scored = [domain.rescore(case, rules, now) for case in cases]
    repository.save_scores(tx, scored, causes)
    outbox.emit(
        tx,
        [
            events.supplier_risk_rescored(each, causes[each.case.key], heard.get(each.case.key, ()))
            for each in scored
        ],
    )


def _require_categories(tx: Transaction, new: Mapping[str, Any]) -> None:
    named = {f"/contracts/{i}/category_id": each["category_id"] for i, each in enumerate(new["contracts"])}
    for i, site in enumerate(new["sites"]):
        named |= {f"/sites/{i}/category_ids/{j}": each for j, each in enumerate(site["category_ids"])}
    known = repository.existing_categories(tx, named.values())
    faults = {at: "There is no such category." for at, category in named.items() if category not in known}
    if faults:
        raise Invalid(faults)


def get_supplier(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """Return a supplier with everything registered of it."""
    return found(repository.supplier(tx, supplier_id), "supplier")


def list_suppliers(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of suppliers."""
    return page(repository.suppliers(tx, query), query["limit"], lambda row: row["supplier_id"])


def put_category(tx: Transaction, category_id: str, new: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change a category; nothing is told where nothing is different."""
    try:
        schemas.SLUG(category_id)
    except ValidationError as fault:
        raise Invalid({"?category_id": str(fault.messages[0])}) from None
    category = {"category_id": category_id, **new}
    if repository.save_category(tx, category):
        outbox.emit(tx, [events.category_changed(category)])
    return category


def list_categories(tx: Transaction) -> dict[str, Any]:
    """Return all categories."""
    return {"items": repository.categories(tx)}


def present_suppliers(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of suppliers, by subject."""
    rows = repository.suppliers_after(tx, UUID(after) if after else None, limit)
    return [events.supplier_registered(row) for row in rows]


def present_categories(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of categories, by subject."""
    return [events.category_changed(row._asdict()) for row in repository.categories(tx, after, limit)]


def present_scores(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of scores, by subject."""
    supplier_id, _, category_id = (after or "").partition("/")
    rows = repository.scores_after(tx, (UUID(supplier_id), category_id) if after else None, limit)
    return [events.present_risk(row) for row in rows]


def import_country_index(
    tx: Transaction, index: str, year: int, published: Mapping[str, object], now: datetime
) -> dict[str, Any]:
    """Replace an index's year by what was published. Scores use it from their next cause on."""
    rule = found(reference.rules().indices.get(index), "index in the rule set")
    values, faults = domain.read_values(rule, published, reference.ISO2_BY_ISO3)
    if faults:
        raise Invalid({f"/values/{code}": text for code, text in faults.items()})
    repository.replace_country_values(tx, index, year, values, now)
    return {"index": index, "year": year, "imported_at": now, "countries": len(values)}


def list_country_indices(tx: Transaction) -> dict[str, Any]:
    """Return what has been imported."""
    return {"items": repository.datasets(tx)}


def get_risk(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """Return a supplier's cases with their terms, and its worst category."""
    _require_supplier(tx, supplier_id)
    cases = repository.current_scores(tx, supplier_id)
    scored = [case for case in cases if case.score is not None]
    headline = max(scored, key=lambda case: case.score, default=None)
    return {"supplier_id": supplier_id, "headline": headline, "cases": cases}


def get_risk_history(tx: Transaction, supplier_id: UUID, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of a supplier's scores, oldest first."""
    _require_supplier(tx, supplier_id)
    rows = repository.score_history(tx, supplier_id, query)
    return page(rows, query["limit"], lambda row: row.score_id)


def _require_supplier(tx: Transaction, supplier_id: UUID) -> None:
    if not repository.supplier_exists(tx, supplier_id):
        raise NotFound("There is no such supplier.")


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how many suppliers are in each band, by their worst category."""
    counts = repository.suppliers_by_band(tx)
    text = "Suppliers by the band of their worst category"
    bands = [*domain.BANDS, domain.NO_DATA]
    return [Gauge("suppliers_by_band", text, {"band": band}, counts.get(band, 0)) for band in bands]
