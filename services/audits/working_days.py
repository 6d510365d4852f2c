"""Working days in Sweden: the domain is given this function, and knows no calendar of its own."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


@cache
def is_workday(day: date) -> bool:
    """Tell whether people work on `day` (Monday to Friday, no public or de facto holiday)."""
    return day.weekday() < 5 and day not in _sweden()


@cache
def _sweden() -> HolidayBase:
    """Return Sweden's holidays, once somebody asks: with them, the library loads every country's (12 MB)."""
    from holidays import country_holidays  # noqa: PLC0415

    # de_facto: the eves of midsummer, Christmas and New Year, on which nobody can be audited either
    return country_holidays("SE", categories=("public", "de_facto"))
