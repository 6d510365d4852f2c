"""The terms of a score as JSON, as `sql.document` would write them.

Scores are written in large numbers, and each has a hundred of these: so they are put together here, and not
by a library that asks of each what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from services.suppliers.domain import Area
    from services.suppliers.domain.matrix import Bare


def areas(of: Mapping[str, Area]) -> str:
    """Return what each area's risk is made of."""
    return f"{{{','.join([_area(name, area) for name, area in of.items()])}}}"


def cells(of: Bare | None) -> str:
    """Return what counts in each cell of the matrix."""
    if of is None:
        return "null"
    heads: dict[tuple[str, int], str] = {}  # by evidence: there is little, and a confidence has 28 digits
    return f"[{','.join([_row(row, heads) for row in of])}]"


def _area(name: str, area: Area) -> str:
    return (
        f'"{name}":{{"country":{_number(area.country)},"category":{_number(area.category)},'
        f'"inherent":{_number(area.inherent)},"partial":{"true" if area.partial else "false"},'
        f'"mitigation":{area.mitigation!s},"residual":{_number(area.residual)}}}'
    )


def _row(row: Sequence[tuple[str, Decimal, Decimal] | None], heads: dict[tuple[str, int], str]) -> str:
    return f"[{','.join([_cell(cell, heads) if cell else 'null' for cell in row])}]"


def _cell(cell: tuple[str, Decimal, Decimal], heads: dict[tuple[str, int], str]) -> str:
    stage, worth, score = cell
    head = heads.get((stage, id(worth)))
    if head is None:
        head = heads[stage, id(worth)] = f'{{"stage":"{stage}","confidence":{worth!s},"score":'
    return f"{head}{score!s}}}"


def _number(number: Decimal | None) -> str:
    return "null" if number is None else str(number)
