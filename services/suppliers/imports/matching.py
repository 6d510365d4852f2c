"""Which supplier a row is about, and what it changes: pure decisions over what is stored.

A number's key is (scheme, value), ("own_number", region, number), or ("supplier_id", id): what we call it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chassis.ids import uuid7
from chassis.imports import Fault, Outcome, rejected
from services.suppliers.imports import limits
from services.suppliers.ownership import Standing
from services.suppliers.schemas.identifiers import OPEN, SCHEMES, person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from chassis.access import Identity
    from chassis.imports import Parsed

    NumberKey = tuple[str, ...]

OWN, ID = "own_number", "supplier_id"
_PLAIN = ("legal_name", "country", "language")


def keys_of(values: Mapping[str, Any]) -> list[NumberKey]:
    """Return the keys of all numbers that a row names its supplier by, each once."""
    numbers = dict(tuple(values[column]) for column in SCHEMES if column in values)
    schemes = {**values.get("identifiers", {}), **({ID: values[ID]} if ID in values else {}), **numbers}
    own = [(OWN, each["region"], each["number"]) for each in values.get("own_numbers", ())]
    if OWN in values:
        own.append((OWN, values["region"], values[OWN]))
    return list(dict.fromkeys([*schemes.items(), *own]))


def supplier_of(values: Mapping[str, Any], known: Mapping[NumberKey, UUID]) -> UUID | Fault | None:
    """Return the supplier that a row's numbers mean, None if they mean none, a Fault if they disagree."""
    found = {key: known[key] for key in keys_of(values) if key in known}
    if ID in values and (ID, values[ID]) not in found:
        return Fault(ID, "No supplier has this id: leave it out for a new one.")
    if len(set(found.values())) > 1:
        first, other = next((a, b) for a in found for b in found if found[a] != found[b])
        return Fault(
            other[0],
            f"Belongs to another supplier than the row's {_said(first)}.",
            "numbers of one supplier",
        )
    return next(iter(found.values()), None)


def _said(key: NumberKey) -> str:
    """Return how a report names a number: a natural person's is not for all who read reports."""
    masked = (key[0] in SCHEMES and key[0] not in OPEN) or (key[0] == OWN and person(key[-1]))
    return key[0] if masked else f"{key[0]} {key[-1]}"


@dataclass
class Plan:
    """What a chunk of supplier rows does: decided row by row, written all at once."""

    known: dict[NumberKey, UUID]
    state: dict[UUID, dict[str, Any]]  # supplier -> legal_name, country, language, identifiers
    actor: Identity
    standings: dict[UUID, Standing]
    made: list[UUID] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    rewritten: set[UUID] = field(default_factory=set)
    numbers: list[tuple[NumberKey, UUID]] = field(default_factory=list)

    def decide(self, row: Parsed) -> Outcome:
        """Decide one row; later rows see what it did."""
        found = supplier_of(row.values, self.known)
        if isinstance(found, Fault):
            return rejected(row.number, found)
        fresh = [key for key in keys_of(row.values) if key not in self.known]
        foreign = limits.of_numbers(self.actor, [key[1] for key in fresh if key[0] == OWN])
        if foreign:
            return rejected(row.number, *foreign)
        return self._change(row, found, fresh) if found else self._make(row, fresh)

    def _other_number(self, values: Mapping[str, Any], supplier_id: UUID) -> Fault | None:
        """Return what is wrong if the supplier has another number of a scheme."""
        has = self.state[supplier_id]["identifiers"]
        for scheme, *rest in keys_of(values):
            former = (scheme, *rest) in self.known  # of one that was merged into it
            if scheme != OWN and not former and has.get(scheme, rest[-1]) != rest[-1]:
                known = has[scheme] if scheme in OPEN else None
                return Fault(
                    scheme, f"The supplier is registered with {_said((scheme, has[scheme]))}.", known
                )
        return None

    def _make(self, row: Parsed, fresh: Sequence[NumberKey]) -> Outcome:
        values = row.values
        if "legal_name" not in values:
            return rejected(row.number, Fault("legal_name", "A new supplier needs its name."))
        country = values.get("country") or (
            "SE" if {"orgnr", "personnr"} & dict(self._schemes(values)).keys() else None
        )
        if country is None:
            fault = Fault("country", "A new supplier without an orgnr needs its country.")
            return rejected(row.number, fault)
        supplier_id = uuid7()
        self.state[supplier_id] = {
            "legal_name": values["legal_name"],
            "country": country,
            "language": values.get("language") or ("sv" if country == "SE" else "en"),
            "identifiers": {},
        }
        self.standings[supplier_id] = Standing()
        self.made.append(supplier_id)
        self._take(fresh, supplier_id)
        return Outcome(row.number, "made", supplier_id)

    def _change(self, row: Parsed, supplier_id: UUID, fresh: Sequence[NumberKey]) -> Outcome:
        """Write what is different; a region's own numbers are its own, whose the supplier may be."""
        before = self.state[supplier_id]
        new = {n: row.values[n] for n in _PLAIN if row.values.get(n, before[n]) != before[n]}
        faults = self._refused(row.values, supplier_id, [*new, *(key[0] for key in fresh if key[0] != OWN)])
        if faults:
            return rejected(row.number, *faults)
        if not new and not fresh:
            return Outcome(row.number, "unchanged", supplier_id)
        self._take(fresh, supplier_id)
        before.update(new)
        self.changed.add(supplier_id)
        if new:
            self.rewritten.add(supplier_id)
        return Outcome(row.number, "changed", supplier_id)

    def _refused(self, values: Mapping[str, Any], supplier_id: UUID, columns: Sequence[str]) -> list[Fault]:
        """Return what is wrong with changing a supplier's editable part, of which these columns are."""
        other = self._other_number(values, supplier_id)
        if other or not columns:
            return [other] if other else []
        before = self.state[supplier_id]
        registered = [(column, before.get(column)) for column in columns]
        return limits.of_supplier(self.actor, self.standings[supplier_id], registered)

    def _take(self, fresh: Sequence[NumberKey], supplier_id: UUID) -> None:
        for key in fresh:
            self.known[key] = supplier_id
            self.numbers.append((key, supplier_id))
            if key[0] == OWN:
                self.standings[supplier_id] = self.standings[supplier_id].numbered(key[1])
            else:
                self.state[supplier_id]["identifiers"][key[0]] = key[1]

    @staticmethod
    def _schemes(values: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(key[0], key[1]) for key in keys_of(values)]
