"""Importing rows, up to 500 at a time: match, decide, save, emit; a handful of statements for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chassis import outbox, trail
from chassis.ids import uuid7
from chassis.imports import Fault, Outcome, rejected
from services.suppliers import events, repository, schemas, usecases, views
from services.suppliers.imports import limits
from services.suppliers.imports import repository as rows_of
from services.suppliers.imports.matching import Plan, supplier_of
from services.suppliers.usecases import editing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.imports import Job, Parsed
    from services.suppliers.imports.matching import NumberKey
    from services.suppliers.ownership import Areas

    Values = dict[str, Any]
    Found = Sequence[tuple[Parsed, UUID | Fault]]

_CONTACT = ("name", "email", "language", "role")
_CONTRACT = (
    "reference",
    "category_id",
    "cpv",
    "regions",
    "clause_level",
    "clause_version",
    "starts_on",
    "ends_on",
    "option_ends_on",
    "value_ore",
    "currency",
    "terms",
)
_SITE = ("name", "operator", "tier", "country", "address", "products", "category_ids")
# What a new contract or site has where its row says nothing
_UNSAID: Values = {
    **dict.fromkeys(("ends_on", "option_ends_on", "cpv", "operator", "address")),
    "terms": {},
    "products": [],
    "currency": "SEK",
}
_MOST_NAMED = 60
_ARCHIVED = Fault("", "The supplier is archived: it takes no new contracts, and none of it runs.")


def import_suppliers(tx: Transaction, rows: Sequence[Parsed], job: Job) -> list[Outcome]:
    """Register suppliers and change those that are known by a number of theirs."""
    known = _known_numbers(tx, rows)
    ids = set(known.values())
    standings = repository.registry.standings_of_suppliers(tx, ids)
    plan = Plan(known, rows_of.registered(tx, ids), job.actor, standings)
    outcomes = [plan.decide(row) for row in rows]
    before = _whole(tx, plan.changed - set(plan.made))
    rows_of.save_suppliers(tx, plan, job.now, imported=job.imported)
    rows_of.hold_headlines(tx, set(before))  # new names are noted in them at the end
    _tell(tx, rows_of.whole(plan, job.now, imported=job.imported), before, job)
    return outcomes


def import_contacts(tx: Transaction, rows: Sequence[Parsed], job: Job) -> list[Outcome]:
    """Add contacts to suppliers, and change those with the same address."""
    found = _within_reach(tx, _suppliers(tx, rows), job)
    stored = rows_of.contacts(tx, _ids(found))
    work = _Upserts("contact_id", _CONTACT)
    outcomes = [work.decide(row, each, (each, row.values["email"].lower()), stored) for row, each in found]
    before = _whole(tx, work.suppliers)
    rows_of.save_contacts(tx, list(work.made.values()), list(work.changed.values()))
    _tell(tx, {}, before, job)
    return outcomes


def import_contracts(tx: Transaction, rows: Sequence[Parsed], job: Job) -> list[Outcome]:
    """Add contracts to suppliers, and change those with the same reference; their cases are scored."""
    areas = rows_of.areas(tx)
    found = [(row, _strange(row, areas) or each) for row, each in _suppliers(tx, rows)]
    stored = rows_of.contracts(
        tx, {(each, row.values["reference"]) for row, each in found if not isinstance(each, Fault)}
    )
    left = {key: contract["category_id"] for key, contract in stored.items()}

    archived = rows_of.archived(tx, _ids(found))

    def refuse(before: Values | None, after: Values) -> Fault | None:
        wrong = limits.of_contract(job.actor, before, after, areas) or _turned_round(after)
        if wrong or after["supplier_id"] not in archived:
            return wrong
        return _ARCHIVED if before is None or editing.runs(after, editing.today(job.now)) else None

    work = _Upserts("contract_id", _CONTRACT, refuse)
    outcomes = [work.decide(row, each, (each, row.values["reference"]), stored) for row, each in found]
    before = _whole(tx, work.suppliers)
    rows_of.save_contracts(tx, list(work.made.values()), list(work.changed.values()), imported=job.imported)
    causes = _tell(tx, {}, before, job)
    keys = _cases_of(work, left)
    _score_keys(tx, keys, causes, job)
    usecases.contracts.stop_following(tx, keys, before, job.now)
    return outcomes


def import_sites(tx: Transaction, rows: Sequence[Parsed], job: Job) -> list[Outcome]:
    """Add sites to suppliers, and change those of the same name in the same country; cases are scored.

    Of what a caller does not know a row is a new site: else a report would tell which guess was right.
    """
    areas = rows_of.areas(tx)
    reached = _within_reach(tx, _suppliers(tx, rows), job)
    found = [(row, _strange_of_site(row, areas) or each) for row, each in reached]
    stored = rows_of.sites(tx, _ids(found), lambda site: views.knows_site(site, job.actor))
    left = {each["site_id"]: each["category_ids"] for each in stored.values()}
    work = _Upserts("site_id", _SITE)
    outcomes = [
        work.decide(row, each, (each, row.values["name"], row.values["country"]), stored)
        for row, each in found
    ]
    before = _whole(tx, work.suppliers)
    region = job.actor.limited_to("region")
    made = [{**each, "registered_by": region} for each in work.made.values()]
    rows_of.save_sites(tx, made, list(work.changed.values()))
    causes = _tell(tx, {}, before, job)
    written = [*work.made.values(), *work.changed.values()]
    keys = {
        (each["supplier_id"], category)
        for each in written
        for category in {*each["category_ids"], *left.get(each["site_id"], ())}
    }
    _score_keys(tx, rows_of.with_contract(tx, keys), causes, job)
    return outcomes


def _known_numbers(tx: Transaction, rows: Sequence[Parsed]) -> dict[NumberKey, UUID]:
    """Return the suppliers that the rows' numbers mean, locked, and nobody merges until the chunk ends."""
    usecases.aliases.share(tx)
    return rows_of.known_numbers(tx, rows)


def _suppliers(tx: Transaction, rows: Sequence[Parsed]) -> list[tuple[Parsed, UUID | Fault]]:
    """Return each row with its supplier, locked, or with what is wrong."""
    known = _known_numbers(tx, rows)
    unknown = Fault("", "No registered supplier has this number: import the supplier first.")
    return [(row, supplier_of(row.values, known) or unknown) for row in rows]


def _ids(found: Found) -> set[UUID]:
    return {each for _, each in found if not isinstance(each, Fault)}


def _within_reach(tx: Transaction, found: Found, job: Job) -> list[tuple[Parsed, UUID | Fault]]:
    """Return the rows with their suppliers; a fault instead of those whose contacts are others' to write."""
    standings = repository.registry.standings_of_suppliers(tx, _ids(found))
    refused = {each: limits.of_supplier(job.actor, standing) for each, standing in standings.items()}
    return [
        (row, each if isinstance(each, Fault) else next(iter(refused[each]), each)) for row, each in found
    ]


def _strange(row: Parsed, areas: Areas) -> Fault | None:
    """Return what is wrong if a contract's category is unknown."""
    if row.values["category_id"] in areas:
        return None
    named = ", ".join(areas) if len(areas) <= _MOST_NAMED else None
    return Fault("category_id", "There is no such category.", named)


def _strange_of_site(row: Parsed, areas: Areas) -> Fault | None:
    """Return what is wrong if a site's category is unknown."""
    unknown = [each for each in row.values["category_ids"] if each not in areas]
    return Fault("category_ids", f"There is no such category: {', '.join(unknown)}.") if unknown else None


class _Upserts:
    """Things of suppliers that are made, or changed where their key is known; later rows see earlier ones."""

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        refuse: Callable[[Values | None, Values], Fault | None] = lambda _before, _after: None,
    ) -> None:
        """Name the id's column and the others; `refuse`: what is wrong with (what is stored, a row)."""
        self.name, self.columns, self.refuse = name, columns, refuse
        self.made: dict[UUID, Values] = {}
        self.changed: dict[UUID, Values] = {}
        self.suppliers: set[UUID] = set()

    def decide(self, row: Parsed, supplier: UUID | Fault, key: Any, stored: dict[Any, Values]) -> Outcome:
        """Decide one row; `stored`: what is there, by key."""
        if isinstance(supplier, Fault):
            return rejected(row.number, supplier)
        before = stored.get(key)
        item_id: UUID = before[self.name] if before else uuid7()
        kept = _plain(before, self.columns) if before else _UNSAID
        values = {name: row.values[name] if name in row.values else kept[name] for name in self.columns}
        after = {**values, self.name: item_id, "supplier_id": supplier}
        if fault := self.refuse(before, after):
            return rejected(row.number, fault)
        # an address may differ in its capitals
        if before and {**kept, "email": ""} == {**values, "email": ""}:
            return Outcome(row.number, "unchanged", item_id)
        stored[key] = after
        self.suppliers.add(supplier)
        (self.changed if before and item_id not in self.made else self.made)[item_id] = after
        return Outcome(row.number, "changed" if before else "made", item_id)


def _plain(stored: Mapping[str, Any], columns: Sequence[str]) -> Values:
    """Return what is stored as rows have it: dates are ISO texts."""
    plain: Values = orjson.loads(orjson.dumps({name: stored[name] for name in columns}, default=str))
    return plain


def _turned_round(contract: Values) -> Fault | None:
    """Return what is wrong if a contract would begin after its end that is registered; both are ISO texts."""
    ends_on, option_ends_on = contract["ends_on"], contract["option_ends_on"]
    if option_ends_on and (ends_on is None or option_ends_on < ends_on):
        return Fault("option_ends_on", f"{option_ends_on} needs an ends_on, and must not be before it.")
    if ends_on is None or ends_on >= contract["starts_on"]:
        return None
    return Fault("ends_on", f"{ends_on} is registered, and must not be before starts_on.", "a later ends_on")


def _whole(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[UUID, Values]:
    """Return suppliers whole, as they are stored, by id."""
    if not supplier_ids:
        return {}
    rows = repository.registry.suppliers_by_id(tx, sorted(supplier_ids))
    return {row.supplier_id: row._asdict() for row in rows}


def _tell(
    tx: Transaction, made: Mapping[UUID, Values], before: Mapping[UUID, Values], job: Job
) -> dict[UUID, UUID]:
    """Write the trail and emit one event per supplier, whole; return the events by supplier.

    `made`: new ones; `before`: changed ones as they were. What is read of them is what was just written.
    """
    rows_of.raise_versions(tx, before)
    usecases.duplicates.find(tx, {*made, *before}, job.now)
    after = {**made, **_whole(tx, before)}
    action = "imported" if job.imported else None
    records = {each: schemas.recorded(supplier) for each, supplier in before.items()}
    writes = [
        trail.Write(each, records.get(each), schemas.recorded(after[each]), action=action)
        for each in sorted(after)
    ]
    trail.wrote_all(tx, "supplier", writes, schema=schemas.WholeRecord)
    told = [
        (events.supplier_changed if each in before else events.supplier_registered)(
            after[each], imported=job.imported
        )
        for each in sorted(after)
    ]
    return dict(zip(sorted(after), outbox.emit(tx, told), strict=True))


def _cases_of(work: _Upserts, left: Mapping[Any, str]) -> set[tuple[UUID, str]]:
    """Return the cases of new and changed contracts; of one that moved, the case that it left as well."""
    written = [*work.made.values(), *work.changed.values()]
    keys = {(each["supplier_id"], each["category_id"]) for each in written}
    for each in work.changed.values():
        before = left.get((each["supplier_id"], each["reference"]))
        if before:
            keys.add((each["supplier_id"], before))
    return keys


def _score_keys(
    tx: Transaction, keys: Collection[tuple[UUID, str]], causes: Mapping[UUID, UUID], job: Job
) -> None:
    repository.scores.lock_cases(tx, keys)
    rows_of.hold_headlines(tx, {supplier_id for supplier_id, _ in keys})
    usecases.scoring.rescore(tx, {key: [causes[key[0]]] for key in keys}, {}, job.now, imported=job.imported)
