"""Whose things are, and what that lets a caller write: the same through the API and by an import."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chassis import access
from chassis.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity, Owners

    Areas = Mapping[str, str | None]  # category -> the area that answers for it


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whose a supplier is: its contracts, and while it has none who has an own number for it."""

    contracted: bool = False
    regions: frozenset[str] = frozenset()  # of its contracts
    areas: frozenset[str] = frozenset()  # of its contracts' categories
    numbers: frozenset[str] = frozenset()  # regions whose registers have a number for it

    @property
    def owners(self) -> Owners:
        """Return whose it is; nobody's is not the same as no owners at all, which would be everybody's."""
        if self.contracted:
            return {"region": self.regions, "area": self.areas}
        return {"region": self.numbers, "area": ()}

    def numbered(self, region: str) -> Standing:
        """Return what it becomes by a region's own number."""
        return replace(self, numbers=self.numbers | {region})


def standing_of(supplier: Mapping[str, Any]) -> Standing:
    """Return how a supplier stands, given whole."""
    contracts = supplier["contracts"]
    return Standing(
        contracted=bool(contracts),
        regions=frozenset(region for contract in contracts for region in contract["regions"]),
        areas=frozenset(supplier["areas"]),
        numbers=frozenset(own["region"] for own in supplier["own_numbers"]),
    )


def of_contract(contract: Mapping[str, Any], areas: Areas) -> Owners:
    """Return whose a contract is; a category's area writes for all regions."""
    return {"region": contract["regions"], "area": [areas[contract["category_id"]] or ""]}


def reach(actor: Identity) -> dict[str, str | None]:
    """Return the region and the area that a caller's cases are limited to; None: all."""
    return {claim: actor.limited_to(claim) for claim in ("region", "area")}


def require_supplier(actor: Identity, standing: Standing) -> None:
    """Raise Forbidden, saying why and what to do, unless the caller may change a supplier that stands so."""
    if actor.reaches(standing.owners):
        return
    raise Forbidden(f"This supplier would be outside what you may write: {_why(actor, standing)}")


def _why(actor: Identity, standing: Standing) -> str:
    region = actor.limited_to("region")
    if region is None:
        return "it has no contract in your area's categories."
    if standing.contracted:
        return f"region {region} takes part in none of its contracts. Register a contract with it first."
    return (
        f"it has no contract yet, and no own number of region {region}. Import your own number for it,"
        " or a contract with it, first."
    )


def require_contract(
    actor: Identity, contract: Mapping[str, Any], areas: Areas, what: str = "A contract of others only"
) -> None:
    """Raise Forbidden unless a contract, as it is or would be, is the caller's too."""
    access.require(actor, of_contract(contract, areas), what)


def require_number(actor: Identity, region: str) -> None:
    """Raise Forbidden for a number of another region's register."""
    access.require(actor, {"region": [region]}, "Another region's number")


def taken_out(
    actor: Identity, before: Mapping[str, Any], after: Mapping[str, Any], areas: Areas
) -> dict[str, list[str]]:
    """Return by claim the other owners whom a limited caller would take out of a contract."""
    was, will = of_contract(before, areas), of_contract(after, areas)
    others = {
        claim: sorted({*was.get(claim, ())} - {*will.get(claim, ()), value})
        for claim, value in actor.claims.items()
    }
    return {claim: gone for claim, gone in others.items() if gone}


def require_alone(actor: Identity, standing: Standing) -> None:
    """Raise Forbidden if others have to do with a supplier, by a number too: it is their concern as well."""
    region = actor.limited_to("region")
    if actor.claims and (region is None or standing.regions | standing.numbers != {region}):
        raise Forbidden("Others buy from this supplier: the national office says what becomes of it.")
