"""What a caller may not do to what is registered, as faults of a row: by the rules behind POST and PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.errors import Forbidden
from chassis.imports import Fault
from services.suppliers import ownership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chassis.access import Identity
    from services.suppliers.ownership import Areas, Standing

_NOTHING_NEW = "what is registered"
# In which column a row says whose its contract is
_COLUMNS = {"region": "regions", "area": "category_id"}


def of_supplier(
    actor: Identity, standing: Standing, changed: Iterable[tuple[str, str | None]] = (("", None),)
) -> list[Fault]:
    """Return a fault for each (column, what is registered) that is changed of a supplier out of reach."""
    said = _said(ownership.require_supplier, actor, standing)
    return [Fault(column, said, registered or _NOTHING_NEW) for column, registered in changed] if said else []


def of_numbers(actor: Identity, regions: Iterable[str]) -> list[Fault]:
    """Return what is wrong if new numbers are of these regions."""
    said = filter(None, (_said(ownership.require_number, actor, region) for region in regions))
    return [Fault("region", each, actor.limited_to("region") or "no region") for each in said][:1]


def of_contract(
    actor: Identity, before: Mapping[str, Any] | None, after: Mapping[str, Any], areas: Areas
) -> Fault | None:
    """Return what is wrong with who takes part in a contract; `before`: what is registered, if any is."""
    registered = "The contract of others that is registered under it"
    if before and (said := _said(ownership.require_contract, actor, before, areas, registered)):
        return Fault("reference", said, "a reference that no contract of others has")
    said = _said(ownership.require_contract, actor, after, areas)
    claim = next(iter(actor.claims), "")
    if said:
        region = actor.limited_to("region")
        return Fault(
            _COLUMNS.get(claim, ""), said, f"a list with {region}" if region else "a category of your area"
        )
    gone = ownership.taken_out(actor, before, after, areas) if before else {}
    if not gone:
        return None
    names = ", ".join(gone[claim])
    return Fault(
        _COLUMNS[claim],
        f"Others take part in this contract, and stay in it: {names}.",
        f"a list with {names}",
    )


def _said(require: Callable[..., None], *what: Any) -> str | None:
    """Return what a rule says against something, if anything."""
    try:
        require(*what)
    except Forbidden as refusal:
        return refusal.detail
    return None
