"""What is known of a case when it is scored; kept with the score as `inputs`, to compute it again from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.suppliers.domain.matrix import Evidence

# 7 rows (PR1-PR7) of 4 columns (the areas): 0-100, or None where nothing is known.
Matrix = tuple[tuple[Decimal | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A production site that has the case's category."""

    tier: int
    country: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """The category's risk analysis of one area: likelihood and severity 1-5, valid to and with a day."""

    likelihood: int
    severity: int
    valid_until: date


@dataclass(frozen=True, slots=True)
class Judgement:
    """A completed self-assessment: what the supplier claimed, and what the reviewer found supported."""

    state: str
    stage: str
    claimed: Matrix
    judged: Matrix | None
    critical: tuple[str, ...]
    recommendation: str
    completed_at: datetime
    valid_until: date

    @property
    def completed_on(self) -> date:
        """Return the day from which its age is counted."""
        return utc_day(self.completed_at)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found in the cells that it examined."""

    audited: Matrix
    reported_on: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Deviation:
    """An open deviation; it may name no area."""

    areas: tuple[str, ...]
    severe: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """Where and what a case's goods are: what its inherent risk follows from. Many cases share it."""

    sites: tuple[Site, ...]
    indices: Mapping[str, Mapping[str, Decimal]]  # index -> country -> value, as published
    analysis: tuple[Analysis | None, ...]  # in the order of the areas


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a case's score follows from, beside the rule set and the moment."""

    exposure: Exposure
    judgement: Judgement | None
    audits: tuple[Audit, ...]  # the newest first
    deviations: tuple[Deviation, ...]
    supposed: tuple[Evidence, ...] = ()  # what a question "what if" adds, the newest first: never stored


def utc_day(moment: datetime) -> date:
    """Return the day of an aware moment in UTC: ages and validity are counted in these."""
    return moment.astimezone(UTC).date()


def parse_facts(inputs: Mapping[str, Any], exposure: Exposure | None = None) -> Facts:
    """Read the facts from their JSON form: fresh from the tables, or as kept with an earlier score.

    `exposure`: what was read already of the same.
    """
    return Facts(
        exposure=exposure or parse_exposure(inputs),
        judgement=_judgement(inputs["judgement"]),
        audits=tuple(
            sorted(map(_audit, inputs["audits"]), key=lambda audit: audit.reported_on, reverse=True)
        ),
        deviations=parse_deviations(inputs["deviations"]),
    )


def parse_deviations(entries: Sequence[Mapping[str, Any]]) -> tuple[Deviation, ...]:
    """Read open deviations."""
    return tuple([Deviation(tuple(each["areas"]), each["severe"], each["overdue"]) for each in entries])


def parse_exposure(inputs: Mapping[str, Any]) -> Exposure:
    """Read the part of the facts that many cases share."""
    return Exposure(
        sites=parse_sites(inputs["sites"]),
        indices=parse_indices(inputs["indices"]),
        analysis=parse_analysis(inputs["analysis"]),
    )


def parse_sites(entries: Sequence[Mapping[str, Any]]) -> tuple[Site, ...]:
    """Read sites."""
    return tuple(Site(site["tier"], site["country"]) for site in entries)


def parse_indices(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """Read the values of countries, by index."""
    return {
        index: {country: Decimal(value) for country, value in values.items()}
        for index, values in entries.items()
    }


def parse_analysis(entries: Sequence[Mapping[str, Any] | None]) -> tuple[Analysis | None, ...]:
    """Read a category's analysis, an entry per area."""
    return tuple(_analysis(entry) for entry in entries)


def _analysis(entry: Mapping[str, Any] | None) -> Analysis | None:
    if entry is None:
        return None
    return Analysis(entry["likelihood"], entry["severity"], date.fromisoformat(entry["valid_until"]))


def _judgement(entry: Mapping[str, Any] | None) -> Judgement | None:
    if entry is None:
        return None
    return Judgement(
        state=entry["state"],
        stage=entry["stage"],
        claimed=_matrix(entry["claimed"]),
        judged=None if entry["judged"] is None else _matrix(entry["judged"]),
        critical=tuple(entry["critical"]),
        recommendation=entry["recommendation"],
        completed_at=datetime.fromisoformat(entry["completed_at"]),
        valid_until=utc_day(datetime.fromisoformat(entry["valid_until"])),
    )


def _audit(entry: Mapping[str, Any]) -> Audit:
    return Audit(
        audited=_matrix(entry["audited"]),
        reported_on=utc_day(datetime.fromisoformat(entry["reported_at"])),
        valid_until=utc_day(datetime.fromisoformat(entry["valid_until"])),
    )


def _matrix(rows: Sequence[Sequence[Any]]) -> Matrix:
    return tuple([tuple([None if cell is None else Decimal(cell) for cell in row]) for row in rows])
