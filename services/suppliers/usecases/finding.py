"""Finding suppliers: in lists, and by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from services.suppliers import repository, views
from services.suppliers.schemas.identifiers import read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity
    from chassis.db import Transaction


def list_suppliers(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of suppliers, each as the caller may see it."""
    return repository.finding.suppliers(tx, query, lambda row: views.shown(row._asdict(), actor))


def look_up(tx: Transaction, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which suppliers numbers mean: those of a region's own register, or of a scheme."""
    numbers = asked["numbers"]
    if "region" in asked:
        found = repository.finding.own_numbers(tx, asked["region"], numbers)
        pairs = zip(numbers, found, strict=True)
        return {"items": [{"number": n, "supplier_id": each, "fault": None} for n, each in pairs]}
    read = [_read(asked["scheme"], number) for number in numbers]
    known = repository.finding.identified(tx, {each for each in read if isinstance(each, tuple)})
    return {"items": [_item(n, each, known) for n, each in zip(numbers, read, strict=True)]}


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
