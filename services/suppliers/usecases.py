"""What the service does: load, decide, save, emit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import ValidationError

from chassis import changes, outbox, sql, trail
from chassis.changes import Change
from chassis.errors import Invalid, NotFound, PreconditionFailed, found
from chassis.events import newest
from chassis.metrics import Gauge
from services.suppliers import domain, events, ownership, reference, repository, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chassis.access import Identity
    from chassis.db import Transaction
    from chassis.events import Event, Received
    from chassis.http import Expectation
    from services.suppliers.domain import Key

# The view in which nothing is left out
INTERNAL = "internal"


def register_supplier(
    tx: Transaction, new: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Register a supplier; each category that it has a contract in becomes a case with a first score."""
    _require_own(actor, new, _areas(tx, new))
    supplier = repository.add_supplier(tx, new, now)
    registered = outbox.emit(tx, [events.supplier_registered(supplier)])
    trail.wrote(tx, "supplier", supplier["supplier_id"], None, supplier, schema=schemas.SupplierView)
    keys = {(supplier["supplier_id"], contract["category_id"]) for contract in new["contracts"]}
    if keys:
        repository.lock_cases(tx, keys)
        rescore(tx, dict.fromkeys(keys, registered), {}, now)
    return _shown(supplier, actor)


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
    cases, rules = repository.cases_to_score(tx, causes), reference.rules()
    scored = [domain.rescore(case, rules, now) for case in cases]
    repository.save_scores(tx, scored, causes)
    owners = repository.owners_of_cases(tx, [each.case.key for each in scored])
    changes.note(tx, [Change("risk", "/".join(map(str, key)), owners=owners[key]) for key in owners])
    outbox.emit(
        tx,
        [
            events.supplier_risk_rescored(
                each, causes[each.case.key], heard.get(each.case.key, ()), imported=imported
            )
            for each in scored
        ],
    )


def _require_own(actor: Identity, new: Mapping[str, Any], areas: Mapping[str, str | None]) -> None:
    """Raise Forbidden for contracts and numbers of others."""
    for contract in new["contracts"]:
        ownership.require_contract(actor, contract, areas)
    for own in new["own_numbers"]:
        ownership.require_number(actor, own["region"])


def _areas(tx: Transaction, new: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the area of each category that is named; raises Invalid for those that there are not."""
    named = {f"/contracts/{i}/category_id": each["category_id"] for i, each in enumerate(new["contracts"])}
    for i, site in enumerate(new["sites"]):
        named |= {f"/sites/{i}/category_ids/{j}": each for j, each in enumerate(site["category_ids"])}
    known = repository.areas_of_categories(tx, named.values()) if named else {}
    faults = {at: "There is no such category." for at, category in named.items() if category not in known}
    if faults:
        raise Invalid(faults)
    return known


def change_supplier(
    tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], expects: Expectation, actor: Identity
) -> dict[str, Any]:
    """Write the editable part of a supplier; nothing is told where nothing is different."""
    expects.check(found(repository.lock_supplier(tx, supplier_id), "supplier"))
    ownership.require_supplier(actor, repository.owners_of_suppliers(tx, [supplier_id])[supplier_id])
    before = _supplier(tx, supplier_id)
    if _is_written(new, before):
        return _shown(before, actor)
    after = repository.change_supplier(tx, supplier_id, new)
    outbox.emit(tx, [events.supplier_changed(after)])
    trail.wrote(tx, "supplier", supplier_id, before, after, schema=schemas.SupplierView)
    return _shown(after, actor)


def _is_written(new: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a change changes nothing. Raises Invalid for contacts that it does not have."""
    known = {contact["contact_id"] for contact in before["contacts"]}
    written = [
        {**each, "contact_id": each["contact_id"] and str(each["contact_id"])} for each in new["contacts"]
    ]
    ids = [each["contact_id"] for each in written]
    strange = [i for i, one in enumerate(ids) if one and (one not in known or one in ids[:i])]
    if strange:
        raise Invalid(
            {f"/contacts/{i}/contact_id": "There is no such contact, or no second." for i in strange}
        )
    return {**new, "contacts": sorted(written, key=lambda each: each["contact_id"] or "")} == {
        name: before[name] for name in new
    }


def _supplier(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    return found(repository.supplier(tx, supplier_id), "supplier")


def _shown(supplier: dict[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a supplier as this caller may see it: deeper tiers stay in the internal record."""
    if actor.view == INTERNAL:
        return supplier
    sites = [site for site in supplier["sites"] if site["tier"] in events.SHARED_TIERS]
    return {**supplier, "sites": sites}


def get_supplier(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a supplier with everything registered of it that the caller may see."""
    return _shown(_supplier(tx, supplier_id), actor)


def look_up(tx: Transaction, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which suppliers a region's own numbers mean."""
    return {"items": repository.look_up(tx, asked["region"], asked["numbers"])}


def list_suppliers(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of suppliers."""
    return repository.suppliers(tx, query, lambda row: _shown(row._asdict(), actor))


def put_category(
    tx: Transaction, category_id: str, new: Mapping[str, Any], expects: Expectation
) -> Mapping[str, Any]:
    """Create or change a category; nothing is told where nothing is different."""
    try:
        schemas.SLUG(category_id)
    except ValidationError as fault:
        raise Invalid({"?category_id": str(fault.messages[0])}) from None
    before = repository.category(tx, category_id)
    known = before["version"] if before else None
    expects.check(known)
    category = {"category_id": category_id, "version": known, **new}
    if before and sql.loads(sql.document(category)) == before:  # as it is stored: dates are texts inside JSON
        return before
    if not repository.save_category(tx, category, known):
        raise PreconditionFailed
    outbox.emit(tx, [events.category_changed(category)])
    after = get_category(tx, category_id)
    trail.wrote(tx, "category", category_id, before, after, schema=schemas.CategoryView)
    return after


def get_category(tx: Transaction, category_id: str) -> dict[str, Any]:
    """Return a category."""
    return found(repository.category(tx, category_id), "category")


def list_categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    return repository.categories(tx, query)


def present_suppliers(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of suppliers, by subject."""
    rows = repository.suppliers_after(tx, UUID(after) if after else None, limit)
    return [events.supplier_registered(row._asdict()) for row in rows]


def present_categories(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of categories, by subject."""
    return [events.category_changed(row._asdict()) for row in repository.categories_after(tx, after, limit)]


def present_scores(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of scores, by subject."""
    supplier_id, _, category_id = (after or "").partition("/")
    rows = repository.scores_after(tx, (UUID(supplier_id), category_id) if after else None, limit)
    return [events.present_risk(row) for row in rows]


def import_country_index(
    tx: Transaction,
    key: tuple[str, int],
    published: Mapping[str, object],
    expects: Expectation,
    now: datetime,
) -> dict[str, Any]:
    """Replace a year (index, year) by what was published. Scores use it from their next cause on."""
    rule = found(reference.rules().indices.get(key[0]), "index in the rule set")
    values, faults = domain.read_values(rule, published, reference.ISO2_BY_ISO3)
    if faults:
        raise Invalid({f"/values/{code}": text for code, text in faults.items()})
    before = repository.dataset(tx, *key)
    known = before["version"] if before else None
    expects.check(known)
    if not repository.replace_country_values(tx, key, values, known, now):
        raise PreconditionFailed
    after = get_country_index(tx, *key)
    trail.wrote(tx, "country-index", f"{key[0]}/{key[1]}", before, after, schema=schemas.DatasetView)
    return after


def get_country_index(tx: Transaction, index: str, year: int) -> dict[str, Any]:
    """Return what has been imported of an index's year."""
    return found(repository.dataset(tx, index, year), "year of this index")


def list_country_indices(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what has been imported."""
    return repository.datasets(tx, query)


def get_risk(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a supplier's cases within the caller's reach with their terms, and the worst of them."""
    _require_supplier(tx, supplier_id)
    cases = repository.current_scores(tx, supplier_id, _reach(actor))
    scored = [case for case in cases if case.score is not None]
    headline = max(scored, key=lambda case: case.score, default=None)
    return {"supplier_id": supplier_id, "headline": headline, "cases": cases}


def get_risk_history(
    tx: Transaction, supplier_id: UUID, query: Mapping[str, Any], actor: Identity
) -> dict[str, Any]:
    """Return a page of a supplier's scores, those of cases within the caller's reach."""
    _require_supplier(tx, supplier_id)
    return repository.score_history(tx, supplier_id, query, _reach(actor))


def _reach(actor: Identity) -> dict[str, str | None]:
    return {claim: actor.limited_to(claim) for claim in ("region", "area")}


def _require_supplier(tx: Transaction, supplier_id: UUID) -> None:
    if not repository.supplier_exists(tx, supplier_id):
        raise NotFound("There is no such supplier.")


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how many suppliers are in each band, by their worst category."""
    counts = repository.suppliers_by_band(tx)
    text = "Suppliers by the band of their worst category"
    bands = [*domain.BANDS, domain.NO_DATA]
    return [Gauge("suppliers_by_band", text, {"band": band}, counts.get(band, 0)) for band in bands]
