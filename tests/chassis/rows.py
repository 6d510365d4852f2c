"""Items in any number, for the tests of lists."""

from __future__ import annotations

import tests.chassis.extra  # noqa: F401  makes services.things importable
from services.things import items

SORTS = [None, *(f"{sign}{name}" for name in items.ItemQuery.sorts for sign in ("", "-"))]
# In groups of ten with equal values in every order; `ä` sorts before `ö` and after `z` in Swedish only
FILL = """INSERT INTO item (name, note, rank, weight, made_at)
SELECT n || ' "å', chr(97 + n / 10 %% 20) || CASE n / 10 %% 3 WHEN 0 THEN 'ö' WHEN 1 THEN 'ä' ELSE 'z' END,
       n / 10, n / 10 * 0.1, '2026-11-27 12:00:00.000001+01'::timestamptz + n / 10 * interval '1 second'
FROM generate_series(%(first)s, %(last)s) AS n"""
