"""The first honest plan: the earliest week in which an auditor of the right kind is free, and who is freest.

Languages, region pools, independence, absences and the year's budget come with the full plan (DOMAIN.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.audits.domain import dates
from services.audits.domain.case import Reason

if TYPE_CHECKING:
    from services.audits.domain.dates import WorkdayTest

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class KindRules:
    """How one kind of audit is planned: so many working days ahead, and whether the supplier hears of it."""

    lead_working_days: int
    announced: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """planning.toml."""

    horizon_weeks: int
    kinds: Mapping[str, KindRules]


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody who holds audits of these kinds: at most `weekly_capacity` in an ISO week."""

    auditor_id: UUID
    kinds: tuple[str, ...]
    weekly_capacity: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A day in somebody's calendar, or nobody's, and why this one."""

    starts_on: date
    auditor_id: UUID | None
    reason: Reason


class Diary:
    """Auditors and what they have to do, week by week. Booking fills it, so one diary plans a whole batch.

    load: (auditor_id, Monday of the week) -> audits that start in it.
    """

    def __init__(
        self,
        auditors: Iterable[Auditor],
        load: Mapping[tuple[UUID, date], int],
        rules: Rules,
        today: date,
        is_workday: WorkdayTest,
    ) -> None:
        """Open the diary on `today` (a Stockholm date)."""
        self._auditors = sorted(auditors, key=lambda auditor: auditor.auditor_id)
        self._load = dict(load)
        self._rules = rules
        self._today = today
        self._is_workday = is_workday
        self._first_week: dict[str, date] = {}  # weeks before it are known to be full

    def announced(self, kind: str) -> bool:
        """Tell whether the supplier hears of such an audit beforehand."""
        return self._rules.kinds[kind].announced

    def book(self, kind: str, due_on: date) -> Slot:
        """Take the earliest free slot, before `due_on` or not; without any, `due_on` with nobody assigned."""
        lead = self._rules.kinds[kind].lead_working_days
        earliest = dates.working_days_later(self._today, lead, self._is_workday)
        able = [auditor for auditor in self._auditors if kind in auditor.kinds]
        if not able:
            return self._unassigned("no_auditor_for_kind", kind, due_on, earliest)
        week = self._first_week.get(kind, dates.monday_of(earliest))
        while week <= earliest + self._rules.horizon_weeks * _WEEK:
            freest = max(able, key=lambda auditor: self._free(auditor, week))
            days = [day for day in _days_of(week) if day >= earliest and self._is_workday(day)]
            if days and self._free(freest, week) > 0:
                self._first_week[kind] = week
                return self._take(freest, week, days, due_on)
            week += _WEEK
        self._first_week[kind] = week
        return self._unassigned("no_free_slot_within_horizon", kind, due_on, earliest)

    def release(self, auditor_id: UUID | None, starts_on: date) -> None:
        """Give a booked slot back."""
        place = (auditor_id, dates.monday_of(starts_on))
        if auditor_id is not None and self._load.get(place, 0) > 0:  # type: ignore[arg-type]
            self._load[place] -= 1  # type: ignore[index]
            self._first_week.clear()

    def _free(self, auditor: Auditor, week: date) -> int:
        return auditor.weekly_capacity - self._load.get((auditor.auditor_id, week), 0)

    def _take(self, auditor: Auditor, week: date, days: list[date], due_on: date) -> Slot:
        """Book the auditor's next day of the week: one week's audits don't all start on its Monday."""
        free = self._free(auditor, week)
        booked = auditor.weekly_capacity - free
        in_time = [day for day in days if day <= due_on] or days
        starts_on = in_time[booked % len(in_time)]
        self._load[auditor.auditor_id, week] = booked + 1
        facts = {"week": dates.week_name(week), "free": free, "weekly_capacity": auditor.weekly_capacity}
        if starts_on <= due_on:
            return Slot(starts_on, auditor.auditor_id, Reason("first_free_slot", facts))
        late = {"due_on": due_on, "days_late": (starts_on - due_on).days}
        return Slot(starts_on, auditor.auditor_id, Reason("first_free_slot_is_after_due_date", facts | late))

    def _unassigned(self, code: str, kind: str, due_on: date, earliest: date) -> Slot:
        return Slot(max(due_on, earliest), None, Reason(code, {"kind": kind, "due_on": due_on}))


def _days_of(week: date) -> list[date]:
    return [week + timedelta(days=days) for days in range(7)]
