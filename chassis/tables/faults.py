"""What is wrong with a file, said to the person who made it."""

from __future__ import annotations


class TableError(Exception):
    """The file cannot be read to its end; the sentence says why, and where by row and column."""

    def __init__(self, problem: str, row: int | None = None, column: str | None = None) -> None:
        """Keep the sentence and the place."""
        self.problem, self.row, self.column = problem, row, column
        places = [f"row {row}" if row else "", f"column {column}" if column else ""]
        place = ", ".join(filter(None, places))
        super().__init__(f"{place[:1].upper()}{place[1:]}: {problem}" if place else problem)


def letters(index: int) -> str:
    """Return what a spreadsheet calls its column number `index`, counted from 0: A, B … Z, AA."""
    name, left = "", index + 1
    while left:
        left, rest = divmod(left - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
