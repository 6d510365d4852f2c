"""A year of a country index as a table: every row checked against what the rule set says of the index."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.suppliers.domain.rules import Index

SHEET_COLUMNS = ("iso3", "index", "year", "value", "scale_min", "scale_max", "higher_is_better")
_TRUTHS = {"true": True, "false": False, "sant": True, "falskt": False, "1": True, "0": False}


class Published(NamedTuple):
    """A row as it is written, empty cells left out, with what is wrong with cells that cannot be read."""

    number: int
    cells: Mapping[str, str]
    unreadable: Mapping[str, str]


def higher_is_better(index: Index) -> bool:
    """Tell whether a higher published value is safer: of ratings, what they are worth says so."""
    if not index.convert:
        return True
    return index.convert[max(index.convert)] > index.convert[min(index.convert)]


def read_sheet(
    key: tuple[str, int], index: Index, rows: Iterable[Published], iso2: Mapping[str, str]
) -> tuple[dict[str, Decimal], dict[tuple[int, str], str]]:
    """Return the values of a year (index, year) by alpha-2 code, and what is wrong, by (row, column)."""
    values: dict[str, Decimal] = {}
    faults: dict[tuple[int, str], str] = {}
    first: dict[str, int] = {}
    for row in rows:
        found = _faults(key, index, row, iso2, first)
        faults |= {(row.number, column): text for column, text in found.items()}
        if not found:
            values[iso2[row.cells["iso3"]]] = index.read(_plain(row.cells["value"]))
    return values, faults


def _faults(
    key: tuple[str, int], index: Index, row: Published, iso2: Mapping[str, str], first: dict[str, int]
) -> dict[str, str]:
    """Return what is wrong with a row, by column; `first`: the row in which each country stood first."""
    checks: dict[str, Callable[[str], str | None]] = {
        "iso3": lambda text: _country(text, row.number, iso2, first),
        "index": lambda text: None if text == key[0] else f"Must be {key[0]}, the index that is imported.",
        "year": lambda text: None if text == str(key[1]) else f"Must be {key[1]}, the year that is imported.",
        "value": lambda text: _value(text, index),
        "scale_min": lambda text: _end(text, index.low),
        "scale_max": lambda text: _end(text, index.high),
        "higher_is_better": lambda text: _direction(text, index),
    }
    faults = dict(row.unreadable)
    for column, check in checks.items():
        if column not in faults:
            said = check(row.cells[column]) if column in row.cells else "Is missing."
            faults |= {column: said} if said else {}
    if not {"value", "label"} & set(faults) and (said := _label(row.cells, index)):
        faults["label"] = said
    return faults


def _country(text: str, number: int, iso2: Mapping[str, str], first: dict[str, int]) -> str | None:
    if text not in iso2:
        return "Must be an ISO 3166-1 alpha-3 country code."
    earlier = first.setdefault(text, number)
    return None if earlier == number else f"Has a value in row {earlier} already."


def _plain(text: str) -> str:
    """Return a number with a point: Swedish spreadsheets write a comma. No index has thousands to group."""
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _value(text: str, index: Index) -> str | None:
    try:
        index.read(_plain(text))
    except ValueError as fault:
        return str(fault)
    return None


def _end(text: str, end: Decimal) -> str | None:
    try:
        same = text.isascii() and Decimal(_plain(text)) == end
    except InvalidOperation:
        same = False
    return None if same else f"Must be {end}, as the rule set reads this index."


def _direction(text: str, index: Index) -> str | None:
    expected = higher_is_better(index)
    if _TRUTHS.get(text.lower()) is expected:
        return None
    return f"Must be {str(expected).lower()}, as the rule set reads this index."


def _label(cells: Mapping[str, str], index: Index) -> str | None:
    """Return what is wrong with a label that the rule set has a value of."""
    meant = index.labels.get(cells.get("label", ""))
    if meant is None or index.read(_plain(cells["value"])) == meant:
        return None
    return f"Means {meant}, and the value is another."
