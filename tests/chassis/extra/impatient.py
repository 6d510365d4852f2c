"""`python -m tests.chassis.extra.impatient run things`: the same, with gauges a second old at most."""

from __future__ import annotations

from functools import partial

from tests.chassis.extra import __main__ as launcher  # makes the process green: first of all

# isort: split

from chassis import metrics

if __name__ == "__main__":
    metrics.DatabaseGauges = partial(metrics.DatabaseGauges, seconds=1.0)
    launcher.main()
