"""Contracts: register, read, change, remove; each change has its case scored anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import changes
from chassis.changes import Change
from chassis.errors import Conflict, Forbidden, found
from services.suppliers import ownership, repository
from services.suppliers.usecases import editing
from services.suppliers.usecases.scoring import rescore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from chassis.access import Identity, Owners
    from chassis.db import Transaction
    from services.suppliers.domain import Key
    from services.suppliers.ownership import Areas
    from services.suppliers.usecases.editing import Writer

    # A contract's address: its supplier, and itself
    Place = tuple[UUID, UUID]

ARCHIVED = "archived"


def add_contract(tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], by: Writer) -> dict[str, Any]:
    """Add a contract to a supplier that is not archived; its category becomes a case, and is scored."""
    before = editing.hold(tx, supplier_id)
    ownership.require_contract(by.actor, new, _areas(tx, new))
    _refuse_what_contradicts(before, new, by.now)
    keys = _lock(tx, supplier_id, new)
    [contract_id] = repository.contracts.add_contracts(tx, supplier_id, [new])
    _tell(tx, before, keys, by.now)
    return get_contract(tx, (supplier_id, contract_id))


def get_contract(tx: Transaction, place: Place) -> dict[str, Any]:
    """Return a contract; who may see its supplier whole may see it."""
    return found(repository.contracts.contract(tx, *place), "contract")


def change_contract(tx: Transaction, place: Place, new: Mapping[str, Any], by: Writer) -> dict[str, Any]:
    """Write a contract; of one that moves to another category both cases are scored."""
    before = editing.hold(tx, place[0])
    contract = get_contract(tx, place)
    by.expects.check(contract["version"])
    areas = _areas(tx, new) | _areas(tx, contract)
    _require(by.actor, contract, new, areas)
    if new == {name: contract[name] for name in new}:
        return contract
    _refuse_what_contradicts(before, new, by.now, contract)
    keys = _lock(tx, place[0], contract, new)
    repository.contracts.change_contract(tx, place[1], new)
    _tell(tx, before, keys, by.now)
    return get_contract(tx, place)


def remove_contract(tx: Transaction, place: Place, reason: str, by: Writer) -> None:
    """Take away a contract that was wrongly registered, with a reason that stands in the trail.

    A case that has no contract left keeps its history, and is followed no more.
    """
    before = editing.hold(tx, place[0])
    contract = get_contract(tx, place)
    by.expects.check(contract["version"])
    areas = _areas(tx, contract)
    ownership.require_contract(by.actor, contract, areas)
    _refuse_taking_out(ownership.taken_out(by.actor, contract, {**contract, "regions": []}, areas))
    keys = _lock(tx, place[0], contract)
    repository.contracts.remove_contract(tx, place[1])
    _tell(tx, before, keys, by.now, reason=reason, action="contract_removed")


def _areas(tx: Transaction, contract: Mapping[str, Any]) -> dict[str, str | None]:
    return editing.areas_of(tx, {"/category_id": contract["category_id"]})


def _require(actor: Identity, before: Mapping[str, Any], after: Mapping[str, Any], areas: Areas) -> None:
    ownership.require_contract(actor, before, areas)
    ownership.require_contract(actor, after, areas)
    _refuse_taking_out(ownership.taken_out(actor, before, after, areas))


def _refuse_taking_out(gone: Mapping[str, Collection[str]]) -> None:
    if others := sorted(set().union(*gone.values())):
        raise Forbidden(f"Others take part in this contract, and stay in it: {', '.join(others)}.")


def _refuse_what_contradicts(
    supplier: Mapping[str, Any],
    new: Mapping[str, Any],
    now: datetime,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Refuse an archived supplier's contract that is new or runs, and a reference that another of it has."""
    if supplier["status"] == ARCHIVED and (before is None or editing.runs(new, editing.today(now))):
        raise Conflict("The supplier is archived: it takes no new contracts, and none of it runs.")
    own = str(before["contract_id"]) if before else None
    others = {each["reference"] for each in supplier["contracts"] if each["contract_id"] != own}
    if new["reference"] is not None and new["reference"] in others:
        raise Conflict("The supplier has another contract with this reference.")


def _lock(tx: Transaction, supplier_id: UUID, *contracts: Mapping[str, Any]) -> set[tuple[UUID, str]]:
    """Lock the cases of contracts, as they were and will be, before they are written, as all do who score."""
    keys = {(supplier_id, contract["category_id"]) for contract in contracts}
    repository.scores.lock_cases(tx, keys)
    return keys


def _tell(
    tx: Transaction,
    before: Mapping[str, Any],
    keys: Collection[tuple[UUID, str]],
    now: datetime,
    **said: Any,
) -> None:
    after = editing.raise_version(tx, before["supplier_id"])
    cause = editing.tell(tx, before, after, **said)
    rescore(tx, {key: [cause] for key in keys}, {}, now)
    stop_following(tx, keys, {before["supplier_id"]: before}, now)


def stop_following(
    tx: Transaction, keys: Iterable[Key], before: Mapping[UUID, Mapping[str, Any]], now: datetime
) -> None:
    """Follow cases, locked, no more if they have no contract left, and note it for those whose they were.

    `before`: their suppliers, whole, as they were.
    """
    ended = repository.contracts.stop_following(tx, keys, now)
    areas = (
        repository.categories.areas_of_categories(tx, {category for _, category in ended}) if ended else {}
    )
    rows = [
        Change("risk", f"{each}/{category}", "deleted", _owners(before[each], category, areas[category]))
        for each, category in ended
    ]
    changes.note(tx, rows)


def _owners(supplier: Mapping[str, Any], category_id: str, area: str | None) -> Owners:
    contracts = [each for each in supplier["contracts"] if each["category_id"] == category_id]
    regions = {region for each in contracts for region in each["regions"]}
    return {"region": sorted(regions), "area": [area] if area else []}
