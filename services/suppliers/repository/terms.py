"""The terms of a score as JSON, as `sql.document` would write them.

Scores are written in large numbers, and each has two dozen areas' terms: so these are put together here, and
not by a library that asks of each what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis import sql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from services.suppliers.domain import Area, Score


def areas(of: Mapping[str, Area]) -> str:
    """Return what each area's risk is made of."""
    return f"{{{','.join([_area(name, area) for name, area in of.items()])}}}"


def work(of: Score) -> str:
    """Return what is known of the supplier's own work, with the confidence in it; null: nothing."""
    own = of.work
    if not (own.evidence or own.deviations):
        return "null"
    pairs = zip(own.evidence, of.confidence, strict=True)
    evidence = [{**each._asdict(), "confidence": confidence} for each, confidence in pairs]
    areas = [[tuple(share) for share in shares] for shares in own.areas]
    return sql.document({"evidence": evidence, "areas": areas, "deviations": own.deviations})


def _area(name: str, area: Area) -> str:
    return (
        f'"{name}":{{"country":{_number(area.country)},"category":{_number(area.category)},'
        f'"inherent":{_number(area.inherent)},"partial":{"true" if area.partial else "false"},'
        f'"mitigation":{area.mitigation!s},"residual":{_number(area.residual)}}}'
    )


def _number(number: Decimal | None) -> str:
    return "null" if number is None else str(number)
