"""Which supplier a row is about, and what it changes: pure decisions over what is stored.

A number's key is (scheme, value), or ("own_number", region, number).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chassis.ids import uuid7
from chassis.imports import Fault, Outcome
from services.suppliers.schemas.registry import IDENTIFIERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from chassis.imports import Parsed

    NumberKey = tuple[str, ...]

OWN = "own_number"
_PLAIN = ("legal_name", "country", "language")


def keys_of(values: Mapping[str, Any]) -> list[NumberKey]:
    """Return the keys of all numbers that a row names its supplier by."""
    schemes = {**values.get("identifiers", {}), **{s: values[s] for s in IDENTIFIERS if s in values}}
    own = [(OWN, each["region"], each["number"]) for each in values.get("own_numbers", ())]
    if OWN in values:
        own.append((OWN, values["region"], values[OWN]))
    return [*schemes.items(), *own]


def supplier_of(values: Mapping[str, Any], known: Mapping[NumberKey, UUID]) -> UUID | Fault | None:
    """Return the supplier that a row's numbers mean, None if they mean none, a Fault if they disagree."""
    found = {key: known[key] for key in keys_of(values) if key in known}
    if len(set(found.values())) > 1:
        first, other = next((a, b) for a in found for b in found if found[a] != found[b])
        return Fault(other[0], f"Belongs to another supplier than the row's {first[0]} {first[-1]}.")
    return next(iter(found.values()), None)


def limited(values: Mapping[str, Any], region: str | None) -> Fault | None:
    """Return what is wrong where a region's system writes for another region."""
    strange = {key[1] for key in keys_of(values) if key[0] == OWN} - {region}
    if region is None or not strange:
        return None
    return Fault("region", "Numbers of another region cannot be written.", region)


@dataclass
class Plan:
    """What a chunk of supplier rows does: decided row by row, written all at once."""

    known: dict[NumberKey, UUID]
    state: dict[UUID, dict[str, Any]]  # supplier -> legal_name, country, language, identifiers
    limited_to: str | None  # the region of whoever imports, if it is one's
    made: list[UUID] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    rewritten: set[UUID] = field(default_factory=set)
    numbers: list[tuple[NumberKey, UUID]] = field(default_factory=list)

    def decide(self, row: Parsed) -> Outcome:
        """Decide one row; later rows see what it did."""
        values = row.values
        fault = limited(values, self.limited_to)
        found = fault or supplier_of(values, self.known)
        if found is None:
            return self._make(row)
        if not isinstance(found, Fault):
            found = self._other_number(values, found) or found
        if isinstance(found, Fault):
            return Outcome(row.number, "rejected", None, [found])
        return self._change(row, found)

    def _other_number(self, values: Mapping[str, Any], supplier_id: UUID) -> Fault | None:
        """Return what is wrong if the supplier has another number of a scheme."""
        has = self.state[supplier_id]["identifiers"]
        for scheme, *rest in keys_of(values):
            if scheme != OWN and has.get(scheme, rest[-1]) != rest[-1]:
                return Fault(scheme, f"The supplier is registered with {scheme} {has[scheme]}.", has[scheme])
        return None

    def _make(self, row: Parsed) -> Outcome:
        values = row.values
        country = values.get("country") or ("SE" if "orgnr" in dict(self._schemes(values)) else None)
        if country is None:
            fault = Fault("country", "A new supplier without an orgnr needs its country.")
            return Outcome(row.number, "rejected", None, [fault])
        supplier_id = uuid7()
        self.state[supplier_id] = {
            "legal_name": values["legal_name"],
            "country": country,
            "language": values.get("language") or ("sv" if country == "SE" else "en"),
            "identifiers": {},
        }
        self.made.append(supplier_id)
        self._take(values, supplier_id)
        return Outcome(row.number, "made", supplier_id)

    def _change(self, row: Parsed, supplier_id: UUID) -> Outcome:
        """Write what is different; a region adds numbers to what all share, and changes no name."""
        before, taken = self.state[supplier_id], self._take(row.values, supplier_id)
        new = {} if self.limited_to else {n: row.values[n] for n in _PLAIN if n in row.values}
        if any(before[name] != value for name, value in new.items()):
            before.update(new)
            self.rewritten.add(supplier_id)
        elif not taken:
            return Outcome(row.number, "unchanged", supplier_id)
        self.changed.add(supplier_id)
        return Outcome(row.number, "changed", supplier_id)

    def _take(self, values: Mapping[str, Any], supplier_id: UUID) -> bool:
        fresh = [key for key in keys_of(values) if key not in self.known]
        for key in fresh:
            self.known[key] = supplier_id
            self.numbers.append((key, supplier_id))
            if key[0] != OWN:
                self.state[supplier_id]["identifiers"][key[0]] = key[1]
        return bool(fresh)

    @staticmethod
    def _schemes(values: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(key[0], key[1]) for key in keys_of(values)]
