"""The yearly proposal: which cases are proposed, and what a person may make of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from services.suppliers.domain.priority import PriorityRules


# Where a proposal names suppliers
_PARTS = ("proposed", "passed_over", "added", "removed", "added_cases")


@dataclass(slots=True)
class Chosen:
    """Cases with their terms, the most urgent first."""

    proposed: list[Mapping[str, Any]] = field(default_factory=list)
    passed_over: list[Mapping[str, Any]] = field(default_factory=list)


def choose(by_urgency: Iterable[Mapping[str, Any]], size: int, rules: PriorityRules) -> Chosen:
    """Take the `size` most urgent cases that nothing hinders; the others before the last are listed."""
    chosen = Chosen()
    for case in islice(by_urgency, rules.most_looked_at):
        if not rules.passes_over.isdisjoint(case["hindrances"]):
            chosen.passed_over.append(case)
        else:
            chosen.proposed.append(case)
            if len(chosen.proposed) == size:
                break
    del chosen.passed_over[rules.most_passed_over :]
    return chosen


def selected(proposal: Mapping[str, Any]) -> list[str]:
    """Return the suppliers to follow up: those proposed, without those removed, then those added."""
    removed = {str(each["supplier_id"]) for each in proposal["removed"]}
    kept = [str(case["supplier_id"]) for case in proposal["proposed"]]
    added = [str(each["supplier_id"]) for each in proposal["added"]]
    return [*(one for one in kept if one not in removed), *added]


def named(proposal: Mapping[str, Any]) -> list[str]:
    """Return every supplier that a proposal names."""
    return [str(each["supplier_id"]) for part in _PARTS for each in proposal.get(part, ())]


def at_survivors(proposal: Mapping[str, Any], meant: Mapping[str, str]) -> dict[str, Any]:
    """Return a proposal by what its ids mean (old id -> present) since suppliers were merged, each once.

    A supplier is removed if all that was proposed of it was; one that is proposed needs no adding.
    """
    out = {str(each["supplier_id"]) for each in proposal["removed"]}
    stays = {
        meant.get(one, one) for case in proposal["proposed"] if (one := str(case["supplier_id"])) not in out
    }
    parts = {part: _each_once(proposal[part], meant) for part in _PARTS if part in proposal}
    coming = {each["supplier_id"] for each in parts["added"]}
    proposed = {case["supplier_id"] for case in parts["proposed"]}
    parts["removed"] = [each for each in parts["removed"] if each["supplier_id"] not in stays | coming]
    parts["added"] = [each for each in parts["added"] if each["supplier_id"] not in proposed]
    return {**proposal, **parts}


def _each_once(cases: Iterable[Mapping[str, Any]], meant: Mapping[str, str]) -> list[Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for case in cases:
        one = str(case["supplier_id"])
        present = meant.get(one, one)
        found.setdefault(present, {**case, "supplier_id": present} if present != one else case)
    return list(found.values())


def faults(proposal: Mapping[str, Any], running: Collection[Any]) -> dict[str, str]:
    """Say by pointer what cannot be added or removed; running: the added that have a contract that runs."""
    proposed, having = {str(case["supplier_id"]) for case in proposal["proposed"]}, set(map(str, running))
    found = {}
    for i, each in enumerate(proposal["added"]):
        if each["supplier_id"] in proposed:
            found[f"/added/{i}/supplier_id"] = "Is proposed already: take it out of `removed` instead."
        elif each["supplier_id"] not in having:
            found[f"/added/{i}/supplier_id"] = "Has no contract in this category that runs."
    for i, each in enumerate(proposal["removed"]):
        if each["supplier_id"] not in proposed:
            found[f"/removed/{i}/supplier_id"] = "Is not among those proposed."
    if proposal["state"] == "confirmed" and not proposal["selected"]:
        found["/state"] = "Nobody is selected."
    return found
