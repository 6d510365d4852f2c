"""Statements that are planned once a connection: for short ones planning takes longer than executing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement to plan: what follows its name in PREPARE and in EXECUTE."""

    name: str
    prepare: str
    execute: str


def plan(name: str, text: str) -> Plan:
    """Return the plan of a statement with parameters such as %(limit)s."""
    parameters = list(dict.fromkeys(_PARAMETER.findall(text)))
    numbered = _PARAMETER.sub(lambda found: f"${parameters.index(found[1]) + 1}", text.strip().rstrip(";"))
    values = ", ".join(f"%({parameter})s" for parameter in parameters)
    return Plan(name, f"AS {numbered}".replace("%%", "%"), values and f"({values})")


class Plans:
    """The statements whose plans the server keeps for a connection."""

    def __init__(self) -> None:
        """Know none."""
        self._names: dict[str, str] = {}
        self._new: list[str] = []
        self._failures = 0

    def ready(self, plan: Plan) -> tuple[str, str | None]:
        """Return the name that a plan has, and the statement that makes it if it is not there yet."""
        known = self._names.get(plan.name)
        if known:
            return known, None
        name = self._names[plan.name] = f"{plan.name}_{self._failures}"
        self._new.append(plan.name)
        return name, f"PREPARE {name} {plan.prepare}"

    def made(self) -> None:
        """Note that the new ones are there."""
        self._new.clear()

    def failed(self) -> None:
        """Forget the new ones: nobody knows which are there, so they will be made under other names."""
        for name in self._new:
            del self._names[name]
        self._failures += bool(self._new)
        self._new.clear()
