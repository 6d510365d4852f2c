"""Working days in Sweden: the domain is given this function, and knows no calendar of its own."""

from __future__ import annotations

from datetime import date
from functools import cache

from holidays import country_holidays

# de_facto: the eves of midsummer, Christmas and New Year, on which nobody can be audited either
_SWEDEN = country_holidays("SE", categories=("public", "de_facto"))


@cache
def is_workday(day: date) -> bool:
    """Tell whether people work on `day` (Monday to Friday, no public or de facto holiday)."""
    return day.weekday() < 5 and day not in _SWEDEN
