"""Reads cases.csv: each cell in the notation that README.md explains, each fault told in a sentence."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AREAS = ("human_rights", "workers_rights", "environment", "business_ethics")
REQUIREMENTS = tuple(f"PR{number}" for number in range(1, 8))
STAGES = ("self_declared", "reviewed", "audited")
BANDS = ("very_low", "low", "medium", "high", "very_high", "no_data")
WGI = tuple(f"WGI_{dimension}_PCTRANK" for dimension in ("CC", "GE", "PV", "RL", "RQ", "VA"))
AUDIT = ("audited", "reported_at", "valid_until")
NOON = "T12:00:00+00:00"
HERE = Path(__file__).parent


class Case(NamedTuple):
    """A row: what goes in, as it is stored with a score, and what must come out."""

    id: str
    branches: list[str]
    facts: dict[str, Any]
    as_of: datetime
    expected: dict[str, Any]  # column -> value; per area a list of four


class NotationError(ValueError):
    """A row or the file is not written as README.md says."""


def read_cases(text: str) -> list[Case]:
    """Return the cases of the file; separated by commas, or by semicolons as some spreadsheets save it."""
    lines = text.removeprefix("\ufeff").splitlines()
    head = lines[0] if lines else ""
    table = csv.DictReader(lines, delimiter=";" if head.count(";") > head.count(",") else ",")
    _check_columns(table.fieldnames or [])
    return [_case(row) for row in table]


def _check_columns(found: Sequence[str]) -> None:
    for column in found:
        if column not in COLUMNS:
            raise NotationError(f"The column {column!r} is not known. Known are: {', '.join(COLUMNS)}.")
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise NotationError(f"These columns are missing: {', '.join(missing)}.")


def _case(row: dict[str, Any]) -> Case:
    name = row["id"] or "without id"
    if None in row or None in row.values():
        raise NotationError(f"Case {name} has more or fewer cells than there are columns.")
    read: dict[str, Any] = {}
    for column, reader in COLUMNS.items():
        try:
            read[column] = reader(row[column].strip())
        except (ValueError, InvalidOperation) as fault:
            raise NotationError(
                f"Case {name}, column {column}: {row[column]!r} is not understood. {fault}"
            ) from fault
    facts = _facts(name, read)
    return Case(name, read["branches"], facts, read["as_of"], {column: read[column] for column in EXPECTED})


def _facts(name: str, read: dict[str, Any]) -> dict[str, Any]:
    audits = [read[column] for column in ("audited", "reported_at", "audit_valid_until")]
    if len({len(column) for column in audits}) > 1:
        raise NotationError(f"Case {name}: each audit needs audited, reported_at and audit_valid_until.")
    if bool(read["claimed"]) != bool(read["completed_at"] and read["valid_until"]):
        raise NotationError(f"Case {name}: an assessment needs claimed, completed_at and valid_until.")
    judgement = None
    if read["claimed"]:
        judgement = {
            "state": "completed",
            "stage": "reviewed" if read["judged"] else "self_declared",
            "claimed": read["claimed"],
            "judged": read["judged"],
            "critical": [],
            "recommendation": "none",
            "completed_at": read["completed_at"],
            "valid_until": read["valid_until"],
        }
    return {
        "sites": read["sites"],
        "indices": read["values"],
        "analysis": read["analysis"],
        "judgement": judgement,
        "audits": [dict(zip(AUDIT, each, strict=True)) for each in zip(*audits, strict=True)],
        "deviations": read["deviations"],
    }


def _text(cell: str) -> str:
    if not cell:
        raise ValueError("It must not be empty.")
    return cell


def _optional(reader: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda cell: reader(cell) if cell else None


def _each(reader: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda cell: [reader(part) for part in _parts(cell, ";")]


def _one_of(*names: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if cell not in names:
            raise ValueError(f"Known are: {', '.join(names)}.")
        return cell

    return read


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator)] if cell else []


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise ValueError(f"{text!r} must be a number such as 42 or 42.5.")
    return Decimal(text)


def _score(text: str) -> Decimal:
    value = _number(text)
    if not 0 <= value <= 100:
        raise ValueError(f"{text} must be from 0 to 100.")
    return value


def _known(reader: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text == "none" else reader(text)


def _four(cell: str, reader: Callable[[str], Any]) -> list[Any]:
    parts = _parts(cell, "|")
    if len(parts) != len(AREAS):
        raise ValueError(f"There must be four parts with | between them: {', '.join(AREAS)}.")
    return [_known(reader)(part) for part in parts]


def _terms(cell: str) -> list[Decimal | None]:
    return _four(cell, _number)


def _areas(cell: str) -> list[str]:
    return [] if cell == "none" else [_one_of(*AREAS)(name) for name in _text(cell).split()]


def _moment(cell: str) -> datetime:
    try:
        date.fromisoformat(cell)
        return datetime.fromisoformat(cell + NOON)
    except ValueError:
        found = datetime.fromisoformat(cell)
    if found.tzinfo is None:
        raise ValueError("A time needs its offset, such as 2026-01-31T08:00+00:00; or write the date alone.")
    return found


def _stored(cell: str) -> str:
    return _moment(cell).isoformat()  # with its offset: the service counts in UTC days


def _sites(cell: str) -> list[dict[str, Any]]:
    found = [re.fullmatch(r"(\d):([A-Z]{2})", part) for part in cell.split()]
    if not all(found):
        raise ValueError("Write a tier, a colon and a country for each site: 0:XA 1:XB.")
    return [{"tier": int(each[1]), "country": each[2]} for each in found if each]


def _values(cell: str) -> dict[str, dict[str, str]]:
    indices: dict[str, dict[str, str]] = {}
    for part in _parts(cell, ";"):
        country, _, four = part.partition(" ")
        ranks, rating, *others = _four(four, str)
        for name, value in zip(WGI, _ranks(ranks), strict=False):  # fewer than six: the last ones are unknown
            indices.setdefault(name, {})[country] = value
        if rating is not None:
            rating = _one_of("1", "2", "3", "4", "5", "5+")(rating)
            indices.setdefault("ITUC_GRI", {})[country] = "6" if rating == "5+" else rating
        for name, value in zip(("EPI", "CPI"), others, strict=True):
            if value is not None:
                indices.setdefault(name, {})[country] = str(_score(value))
    return indices


def _ranks(text: str | None) -> list[str]:
    ranks = [str(_score(rank)) for rank in _parts(text or "", "+")]
    if len(ranks) > len(WGI):
        raise ValueError("There are six ranks of WGI at most.")
    return ranks * len(WGI) if len(ranks) == 1 else ranks


def _analysis(cell: str) -> list[dict[str, Any] | None]:
    return _four(cell, _analysed) if cell else [None] * len(AREAS)


def _analysed(text: str) -> dict[str, Any]:
    found = re.fullmatch(r"([1-5])x([1-5])(?: until (\d{4}-\d\d-\d\d))?", text)
    if not found:
        raise ValueError("Write likelihood x severity, each 1-5: 4x5, or 4x5 until 2026-01-31.")
    until = date.fromisoformat(found[3] or "2035-12-31").isoformat()
    return {"likelihood": int(found[1]), "severity": int(found[2]), "valid_until": until}


def _matrix(cell: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = [[None] * len(AREAS) for _ in REQUIREMENTS]
    for part in cell.split():
        place, _, text = part.partition("=")
        value = None if text == "none" else str(_score(text))
        chosen, area = ("*", "*") if place == "all" else place.split(".", 1) if "." in place else (place, "")
        for row in _indices(chosen, REQUIREMENTS):
            for column in _indices(area, AREAS):
                rows[row][column] = value
    return rows


def _indices(name: str, names: tuple[str, ...]) -> Sequence[int]:
    return range(len(names)) if name == "*" else [names.index(_one_of(*names)(name))]


def _deviations(cell: str) -> list[dict[str, Any]]:
    return [_deviation(part) for part in _parts(cell, ";")]


def _deviation(part: str) -> dict[str, Any]:
    words = part.split()
    flags = {flag: flag in words for flag in ("severe", "overdue")}
    left = " ".join(word for word in words if word not in flags)
    areas = [] if left == "no area" else [_one_of(*AREAS)(name) for name in _parts(left, "+")]
    if not left:
        raise ValueError("Name the deviation's areas, or write: no area.")
    return {"areas": areas, **flags}


EXPECTED: dict[str, Callable[[str], Any]] = {
    "country": _terms,
    "inherent": _terms,
    "partial": _areas,
    "mitigation": _terms,
    "residual": _terms,
    "no_data": _areas,
    "score": _known(_number),
    "band": _one_of(*BANDS),
    "stage": _known(_one_of(*STAGES)),
    "claim_gap": _known(_number),
}
COLUMNS: dict[str, Callable[[str], Any]] = {
    "id": _text,
    "shows": _text,
    "branches": str.split,
    "sites": _sites,
    "values": _values,
    "analysis": _analysis,
    "claimed": _optional(_matrix),
    "judged": _optional(_matrix),
    "completed_at": _optional(_stored),
    "valid_until": _optional(_stored),
    "audited": _each(_matrix),
    "reported_at": _each(_stored),
    "audit_valid_until": _each(_stored),
    "deviations": _deviations,
    "as_of": _moment,
    **EXPECTED,
    "sum": str,
}
