"""What a person reads at the end: a table, and one line of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.api import Platform
    from demo.outcome import Case


def table(cases: Sequence[Case]) -> Table:
    """Return the run as a table, one line a case."""
    columns = (
        "supplier",
        "category",
        "country",
        "before -> after",
        "rule",
        "outcome",
        "audit",
        "date",
        "mails",
    )
    shown = Table(title="The run", box=SIMPLE_HEAD)
    for column in columns:
        shown.add_column(column, no_wrap=True, justify="right" if column == "mails" else "left")
    for case in sorted(cases, key=lambda case: case.supplier["legal_name"]):
        audit = next(iter(case.open_audits), None)
        shown.add_row(
            case.supplier["legal_name"],
            case.assessment["category_id"],
            ", ".join(sorted({site["country"] for site in case.supplier["sites"]})) or "unknown",
            change(case),
            str(case.decision["row"]) if case.decision and case.decision["row"] else "-",
            _outcome(case.decision) if case.decision else "-",
            audit["state"] if audit else "-",
            audit["starts_on"] if audit else "-",
            str(sum(case.delivered_notices().values())),
        )
    return shown


def _outcome(decision: dict[str, Any]) -> str:
    """Return what comes of a decision, and in brackets what stood in the way or asked for more."""
    if decision["effect"] in ("suppressed", "listed"):
        return f"none ({decision['asked']} {decision['effect']})"
    more = " (recommended)" if decision["rule"].endswith("+recommendation") else ""
    return f"{decision['outcome']}{more}"


def change(case: Case) -> str:
    """Return a case's first and its last score in words; an unanswered one has only the first."""
    first, last = case.scores[0], case.scores[-1]
    if not case.completed:
        return f"{_score(first)} ({case.assessment['state']})"
    return f"{_score(first)} -> {_score(last)}"


def _score(score: dict[str, object]) -> str:
    return f"{score['score']} {score['band']}" if score["score"] is not None else "no data"


def what_next(platform: Platform, cases: Sequence[Case]) -> str:
    """Return where the platform answers, and three things to try on this very run."""
    audited = next((case for case in cases if case.open_audits), cases[0])
    contact = audited.supplier["contacts"][0]["email"]
    history = f"{platform.suppliers.base}/suppliers/{audited.supplier['supplier_id']}/risk/history"
    bearer = "Authorization: Bearer $(.venv/bin/kedja token --role national_office)"
    return f"""The platform stays up:
  suppliers {platform.suppliers.base}   assessments {platform.assessments.base}
  audits {platform.audits.base}   notifications {platform.notifications.base}
Three things to try:
  1. read what {audited.supplier["legal_name"]} was told:  cat .run/mail/*{contact}*
  2. check the arithmetic of its score:  curl -s -H "{bearer}" {history}
  3. do without the broker for a while:  make stop SERVICE=rabbitmq; make status; make start SERVICE=rabbitmq
make status shows what runs, make down stops it (data kept), make demo makes another run.
"""


def last_line(cases: Sequence[Case], parked: int) -> str:
    """Return the run in figures; chain: from the review's completion to the SMTP server's acceptance."""
    chains = sorted(ms for case in cases for ms in case.chain_ms())
    figures = {
        "suppliers": len({case.supplier["supplier_id"] for case in cases}),
        "completed": sum(case.completed for case in cases),
        "rescored": sum(case.rescored for case in cases),
        "audits": sum(len(case.open_audits) for case in cases),
        "mails": sum(sum(case.delivered_notices().values()) for case in cases),
        "parked": parked,
        "chain_p50_ms": percentile(chains, 50),
        "chain_p99_ms": percentile(chains, 99),
    }
    return "demo: " + " ".join(f"{name}={value}" for name, value in figures.items())


def percentile(values: Sequence[float], share: int) -> str:
    """Return the nearest-rank percentile of sorted values, or n/a where there are none."""
    return f"{values[max(0, -(-len(values) * share // 100) - 1)]:.0f}" if values else "n/a"
