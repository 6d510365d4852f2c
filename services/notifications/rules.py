"""The rules of this service that are data: who hears what, how mail goes out, what codes are called."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.notifications.domain import Pace, Rule


@dataclass(frozen=True, slots=True)
class Sending:
    """How mail goes out: `claim` holds a batch that waits its turn, `lease` the mail that is being sent.

    connections: the most that a process has to the mail server at a time.
    """

    connections: int
    batch: int
    claim: timedelta
    lease: timedelta
    timeout_seconds: int
    pace: Pace


def _read(name: str) -> dict[str, Any]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _sending(rules: dict[str, Any]) -> Sending:
    seconds = {name: timedelta(seconds=rules["pace"][f"{name}_seconds"]) for name in ("first", "longest")}
    return Sending(
        connections=rules["connections"],
        batch=rules["batch"],
        claim=timedelta(seconds=rules["claim_seconds"]),
        lease=timedelta(seconds=rules["lease_seconds"]),
        timeout_seconds=rules["timeout_seconds"],
        pace=Pace(seconds["first"], rules["pace"]["factor"], seconds["longest"]),
    )


MATRIX = {
    kind: Rule(tuple(row["hears"]), tuple(row.get("contact_roles", ())))
    for kind, row in _read("matrix.toml").items()
}
SENDING = _sending(_read("sending.toml"))
WORDS = _read("words.toml")
