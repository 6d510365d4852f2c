"""What CSV and workbooks have in common: a row of names, and rows of cells under them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from chassis.tables.cells import LONGEST_CELL
from chassis.tables.faults import TableError, letters

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MOST_COLUMNS = 200
_LONGEST_NAME = 100
_HALF = re.compile("[\ud800-\udfff]")


class Row(NamedTuple):
    """A row as it was written: `number` as a spreadsheet shows it, empty cells left out.

    `faults`: column -> what is wrong with its cell; the other rows of the file can still be read.
    """

    number: int
    values: dict[str, object]
    faults: dict[str, str]


class Reading(NamedTuple):
    """A table that is being read; rows are read as they are asked for, and may raise TableError.

    columns: None where each row names its own. notes: what a person should know of how it was read; complete
    after the last row. header: the number of the row of names. serials: a number in a column of dates is a
    spreadsheet's, days since 1899-12-30.
    """

    columns: list[str] | None
    rows: Generator[Row]
    notes: list[str]
    header: int = 1
    serials: bool = False


def header(cells: Sequence[str], number: int) -> list[str]:
    """Return the columns' names, checked; cells under an empty name at the end have to be empty."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise TableError("must hold the names of the columns.", number)
    if len(names) > MOST_COLUMNS:
        raise TableError(f"has {len(names)} columns; at most {MOST_COLUMNS} are read.", number)
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        _check_name(name, index, seen, number)
        seen[name] = index
    return names


def _check_name(name: str, index: int, seen: dict[str, int], number: int) -> None:
    if not name:
        raise TableError("has no name.", number, letters(index))
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise TableError(
            f"has a name of more than {_LONGEST_NAME} printable characters.", number, letters(index)
        )
    if name in seen:
        raise TableError(
            f"is called {name!r}, and so is column {letters(seen[name])}.", number, letters(index)
        )


def row_of(names: Sequence[str], cells: Sequence[str], number: int, wrong: dict[int, str]) -> Row | None:
    """Return the row of these cells, None if all are empty; `wrong`: index -> what is wrong there already."""
    values: dict[str, object] = {}
    faults = {_name(names, index): problem for index, problem in wrong.items()}
    for index, cell in enumerate(cells):
        text = cell.strip()
        if not text or index in wrong:
            continue
        problem = _problem(text, index, len(names))
        if problem:
            faults[_name(names, index)] = problem
        else:
            values[names[index]] = text
    return Row(number, values, faults) if values or faults else None


def _problem(text: str, index: int, columns: int) -> str | None:
    if index >= columns:
        return (
            f"The row has more cells than there are named columns ({columns}):"
            " is a quote or a separator missing?"
        )
    if "\0" in text:
        return "Holds the character U+0000, which cannot be stored."
    if _HALF.search(text):
        return "Holds half of a character (a surrogate), which cannot be stored."
    if len(text) > LONGEST_CELL:
        return f"Has {len(text)} characters; at most {LONGEST_CELL} are read."
    return None


def _name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else letters(index)
