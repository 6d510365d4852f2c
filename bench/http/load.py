"""One round: wrk, a process of its own, asks one side for so long; what it answered, and what that took."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.http.targets import SUPPLIERS, addresses

if TYPE_CHECKING:
    from bench.http.stage import Side, Stage

CONNECTIONS = 16
KINDS = ("get", "list", "post")
# Every round of POSTs has so many numbers of its own.
_NUMBERS = 50_000
_SCRIPT = Path(__file__).with_name("load.lua")
_BODY = json.dumps(
    {
        "legal_name": "Ny leverantör NUMBER AB",
        "country": "SE",
        "language": "sv",
        "identifiers": {"orgnr": "ORGNR"},
        "contacts": [
            {"name": "Kim Exempel", "email": "kim@leverantor.example", "language": "sv", "role": "respondent"}
        ],
        "sites": [
            {"name": "Fabrik", "tier": 0, "country": "SE", "category_ids": ["handskar"]},
            {"name": "Underleverantör", "tier": 2, "country": "CN", "category_ids": ["handskar"]},
        ],
    },
    ensure_ascii=False,
)


class UnfairError(Exception):
    """What was measured is not what was to be measured; the message says what happened."""


class Round(NamedTuple):
    """What a round came to: a second, milliseconds, and seconds of processor time for 1,000 requests."""

    rate: float
    p50: float
    p99: float
    cpu: float
    helper: float  # of the service, which publishes and seals for the peer too, in the peer's rounds
    backends: float  # of PostgreSQL


def one_round(made: Stage, kind: str, side: Side, number: int, seconds: float) -> Round:
    """Load one side; raises UnfairError if anything but success was answered, or is not in the tables."""
    before = made.written() if kind == "post" else None
    began = _spent(made)
    told = json.loads(_wrk(made, kind, side, number, seconds))
    _demand(not told["refused"] and not told["broken"], f"{side.name} {kind}: not all were successes: {told}")
    if before:
        more = {now - then for now, then in zip(made.written(), before, strict=True)}
        # what was under way at the end was done, and its answer not waited for
        least = told["answers"]
        as_many = len(more) == 1 and least <= min(more) <= least + CONNECTIONS
        _demand(as_many, f"{side.name}: {least} answers, {more} rows of each kind")
    *spent, backends = (
        1000 * (now - then) / told["answers"] for now, then in zip(_spent(made), began, strict=True)
    )
    own = spent[made.sides.index(side)]
    rate = told["answers"] / told["microseconds"] * 1e6
    return Round(rate, told["p50"], told["p99"], own, sum(spent) - own, backends)


def _spent(made: Stage) -> list[float]:
    """Return the processor time that each side and PostgreSQL have taken so far."""
    return [*(cpu_seconds(side.pid) for side in made.sides), made.backends_seconds()]


def _wrk(made: Stage, kind: str, side: Side, number: int, seconds: float) -> str:
    body = made.folder / "body"
    body.write_text(_BODY)
    what = ["POST", body, str(number * _NUMBERS)] if kind == "post" else ["GET", addresses(made, kind, side)]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"]
    command += ["-s", str(_SCRIPT), side.base + SUPPLIERS, "--", str(made.folder / "tokens"), *map(str, what)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.rstrip().splitlines()[-1]


def _demand(truth: bool, otherwise: str) -> None:
    if not truth:
        raise UnfairError(otherwise)


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
