"""A small table as a body, where JSON is taken too: read whole within the request, every fault told at once.

An endpoint declares `sheet=Sheet(…)` beside its `body`; its `call.body` is then a list of tables' Rows. What
is wrong with a cell is a fault at `/<row>/<column>`, rows counted as a spreadsheet counts them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from chassis.errors import Invalid
from chassis.tables import csvs
from chassis.tables.faults import TableError
from chassis.tables.media import CSV

if TYPE_CHECKING:
    from chassis.tables import Row

MEDIA_TYPE = CSV


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with at least these columns and at most so many rows; others' cells are read and left alone."""

    columns: tuple[str, ...]
    most_rows: int
    example: str

    def read(self, raw: bytes) -> list[Row]:
        """Return the rows of a CSV file; raises Invalid for one that is no table of these columns."""
        try:
            table = csvs.read(io.BytesIO(raw))
            found = list(islice(table.rows, self.most_rows + 1))
        except TableError as fault:
            raise Invalid({f"/{fault.row}" if fault.row else "": str(fault)}) from None
        if lacking := [column for column in self.columns if column not in (table.columns or ())]:
            raise Invalid({f"/1/{column}": "There is no column of this name." for column in lacking})
        if len(found) > self.most_rows:
            raise Invalid({"": f"The table has more than {self.most_rows} rows."})
        if not found:
            raise Invalid({"": "The table has no rows."})
        return found
