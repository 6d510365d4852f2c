"""A row of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Row:
    """One thing that must hold. `counts_as`: a breach's kind in the last line; `broken`: where it fails."""

    name: str
    counts_as: str
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Tell whether nothing broke it."""
        return not self.broken


def broken(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return name -> breaches of the rows that do not hold."""
    return {row.name: row.broken for row in rows if not row.holds}
