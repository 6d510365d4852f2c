"""What a side stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The parts of the chain after the first, and in whose database each keeps what it writes
ROLES = {"scores": "suppliers", "plans": "audits", "notes": "notifications"}
ENTRY = "assessments"


@dataclass
class Ground:
    """Where a side runs: addresses of databases and broker by service, a folder, a channel to the broker.

    `business`: trivial, full (the product's pure functions), or product (its services as they are).
    `cases`: how many there are in the tables.
    """

    urls: Mapping[str, Mapping[str, str]]
    folder: Path
    channel: Any
    business: str
    cases: int
    scores: dict[str, Any] | None = None  # of the product's services, as the first round has left them

    @property
    def tables(self) -> str:
        """Return whose tables there are: the product's, or those of bench/chain/kedja."""
        return "product" if self.business == "product" else "plain"

    def waits_at(self, queue: str) -> bool:
        """Tell whether somebody reads a queue."""
        return bool(self.channel.queue_declare(queue, passive=True).consumer_count)
