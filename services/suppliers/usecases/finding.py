"""Finding suppliers: in lists, and by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from chassis.errors import Invalid
from services.suppliers import ownership, repository, views
from services.suppliers.schemas.identifiers import OPEN, read_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chassis.access import Identity
    from chassis.db import Transaction

# How many natural persons a caller from outside the office may ask for at once
MOST_PERSONS = 10


def list_suppliers(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of suppliers, each as the caller may see it; a band is that of the caller's own cases."""
    reach = ownership.reach(actor)
    return repository.finding.suppliers(tx, query, reach, lambda row: views.shown(row._asdict(), actor))


def look_up(tx: Transaction, asked: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return which suppliers numbers mean: those of a region's own register, or of a scheme.

    Raises Forbidden for another region's register, Invalid for many natural persons' numbers.
    """
    numbers = asked["numbers"]
    if "region" in asked:
        ownership.require_number(actor, asked["region"])
        found = repository.finding.own_numbers(tx, asked["region"], numbers)
        pairs = zip(numbers, found, strict=True)
        return {"items": [{"number": n, "supplier_id": each, "fault": None} for n, each in pairs]}
    read = [_read(asked["scheme"], number) for number in numbers]
    _require_few_persons(read, actor)
    known = repository.finding.identified(tx, {each for each in read if isinstance(each, tuple)})
    return {"items": [_item(n, each, known) for n, each in zip(numbers, read, strict=True)]}


def _require_few_persons(read: Iterable[tuple[str, str] | str], actor: Identity) -> None:
    """Refuse to tell whether many persons are registered: the office alone is shown them."""
    persons = sum(isinstance(each, tuple) and each[0] not in OPEN for each in read)
    if actor.view != views.INTERNAL and persons > MOST_PERSONS:
        raise Invalid({"/numbers": f"At most {MOST_PERSONS} may be natural persons' in one call."})


def _read(scheme: str, number: str) -> tuple[str, str] | str:
    """Return a number as it is kept, or what is wrong with it."""
    try:
        return read_number(scheme, number)
    except ValidationError as fault:
        return str(fault.messages[0])


def _item(number: str, read: tuple[str, str] | str, known: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    if isinstance(read, str):
        return {"number": number, "supplier_id": None, "fault": read}
    return {"number": number, "supplier_id": known.get(read), "fault": None}
