"""Marshmallow fields that several services' events share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields


class Grid(fields.Field[list[list[Decimal | None]]]):
    """`rows` lists of `columns` numbers or nulls, each within `low` and `high`.

    One field instead of nested lists of fields: a nested load costs twenty times as much.
    """

    def __init__(self, rows: int, columns: int, *, low: int = 0, high: int = 100, **kwargs: Any) -> None:
        """Fix the shape and the range."""
        super().__init__(**kwargs)
        self.rows, self.columns, self.low, self.high = rows, columns, low, high

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[list[Decimal | None]]:
        shape = (
            [len(row) if isinstance(row, list) else -1 for row in value] if isinstance(value, list) else []
        )
        if shape != [self.columns] * self.rows:
            raise ValidationError(f"Must be {self.rows} lists of {self.columns} numbers or nulls.")
        return [[self._cell(cell) for cell in row] for row in value]

    def _cell(self, cell: Any) -> Decimal | None:
        if cell is None:
            return None
        if (
            isinstance(cell, bool)
            or not isinstance(cell, int | float | Decimal)
            or not self.low <= cell <= self.high
        ):
            raise ValidationError(f"Every cell must be null or a number from {self.low} to {self.high}.")
        # repr of a float is its shortest text: the number that the sender wrote
        return cell if isinstance(cell, Decimal) else Decimal(repr(cell))

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else [list(row) for row in value]
