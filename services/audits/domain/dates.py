"""Days, weeks and months as the rules count them."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

WorkdayTest = Callable[[date], bool]

_DAY = timedelta(days=1)


def local_date(moment: datetime, time_zone: str) -> date:
    """Return the day that an aware moment falls on in `time_zone`."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def months_later(day: date, months: int) -> date:
    """Return the same day of the month, `months` later; the month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def deadline(start: date, weeks: int, is_workday: WorkdayTest) -> date:
    """Return the day `weeks` calendar weeks after `start`, moved back to a working day."""
    day = start + timedelta(weeks=weeks)
    while not is_workday(day):
        day -= _DAY
    return day


def working_days_later(start: date, count: int, is_workday: WorkdayTest) -> date:
    """Return the `count`-th working day after `start`; `start` itself for 0."""
    day = start
    while count:
        day += _DAY
        count -= is_workday(day)
    return day


def monday_of(day: date) -> date:
    """Return the first day of the ISO week."""
    return day - timedelta(days=day.weekday())


def week_name(day: date) -> str:
    """Return the ISO week as people write it: 2026-W50."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
