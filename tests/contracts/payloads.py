"""The golden payloads: one of each emitted event, as it travels; everything in them is fictive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"


def golden(event_type: str) -> dict[str, Any]:
    """Return an event type's payload."""
    payload: dict[str, Any] = json.loads((GOLDEN / f"{event_type}.json").read_text(encoding="utf-8"))
    return payload
