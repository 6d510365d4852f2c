"""Whose things are, and what that lets a caller write: the same through the API and by an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity, Owners

    Areas = Mapping[str, str | None]  # category -> the area that answers for it

# Without a contract a supplier is nobody's: not the same as no owners at all, which would be everybody's.
NOBODYS: Owners = {"region": (), "area": ()}


def of_contract(contract: Mapping[str, Any], areas: Areas) -> Owners:
    """Return whose a contract is; a category's area writes for all regions."""
    return {"region": contract["regions"], "area": [areas[contract["category_id"]] or ""]}


def require_supplier(actor: Identity, owners: Owners) -> None:
    """Raise Forbidden unless the caller may change a supplier of these owners."""
    access.require(actor, owners, "This supplier")


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
