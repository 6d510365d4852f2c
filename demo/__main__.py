"""`python -m demo`: the main job on fictive suppliers, from registration to the mail about the audit."""

from __future__ import annotations

import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.progress import Progress

from demo import fiction, outcome, reference, report, respondents
from demo.api import PATIENCE_SECONDS, Platform, RefusedError
from demo.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from demo.fiction import Fictive

console = Console(width=None if sys.stdout.isatty() else 170)
MAIL_FOLDER = Path(os.environ.get("KEDJA_MAIL_DIR", ".run/mail"))
_SUPPLIERS_AT_ONCE, _OFFICE_STAFF = 8, 2

T = TypeVar("T")
R = TypeVar("R")


def main() -> int:
    """Do one run; return 0 only if everything is as it must be."""
    platform = Platform()
    run, mailbox, parked_before = fiction.next_run(platform), Mailbox(MAIL_FOLDER), platform.parked()
    console.print(f"Demo run {run}: fictive suppliers, real categories, regions and country indices.")
    reference.load(platform)
    campaign_id = carry_out(platform, mailbox, run)
    cases = watch(platform, campaign_id)
    parked = platform.parked() - parked_before
    console.print(report.table(cases))
    faults = outcome.faults(cases, mailbox.copies(), parked)
    for fault in faults:
        console.print(f"[red]fault:[/red] {fault}", highlight=False)
    console.print(report.what_next(platform, cases), highlight=False, soft_wrap=True)
    print(report.last_line(cases, parked), flush=True)  # noqa: T201  exactly this line, unstyled
    return 1 if faults else 0


def carry_out(platform: Platform, mailbox: Mailbox, run: int) -> str:
    """Do what people do: register, invite, answer, review. Returns the campaign's id."""
    people = fiction.suppliers(run)
    with Progress(console=console) as progress:
        suppliers, office = (
            partial(at_once, progress, count) for count in (_SUPPLIERS_AT_ONCE, _OFFICE_STAFF)
        )
        registered = office("Registering suppliers", partial(_register, platform), people)
        campaign_id = _launch(platform, run, people, registered)
        links = _await_invitations(progress, mailbox, people)
        questions = platform.assessments.get("/questionnaire")["questions"]
        answering = [fictive for fictive in people if fictive.manner != "silent"]
        respond = partial(_respond, platform, questions, links)
        submitted = suppliers("Answering self-assessments", respond, answering)
        answered = list(zip(answering, submitted, strict=True))
        office("Reviewing answers", partial(_review, platform, run), answered)
    return campaign_id


def at_once(progress: Progress, people: int, text: str, work: Callable[[T], R], items: list[T]) -> list[R]:
    """Let several people work on `items`, showing how far they have come."""
    with ThreadPoolExecutor(people) as pool:
        return list(progress.track(pool.map(work, items), len(items), description=text))


def _register(platform: Platform, fictive: Fictive) -> str:
    return str(platform.suppliers.call("POST", "/suppliers", fictive.body)["supplier_id"])


def _launch(platform: Platform, run: int, people: list[Fictive], registered: list[str]) -> str:
    """Invite all; assessments hears of new suppliers by events, so the first try may come too early."""
    cases = [
        {"supplier_id": supplier_id, "category_id": fictive.body["contracts"][0]["category_id"]}
        for fictive, supplier_id in zip(people, registered, strict=True)
    ]
    body = {"name": f"Demo {run}", "year": datetime.now(UTC).year, "answer_by": None, "cases": cases}

    def launched() -> str | None:
        try:
            return str(platform.assessments.call("POST", "/campaigns", body)["campaign_id"])
        except RefusedError as fault:
            if fault.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            return None

    return patiently(launched, "assessments knows the new suppliers")


def _await_invitations(
    progress: Progress, mailbox: Mailbox, people: list[Fictive]
) -> dict[str, tuple[str, str]]:
    task = progress.add_task("Waiting for the invitations' mails", total=len(people))
    addresses = {fictive.address for fictive in people}

    def arrived() -> dict[str, tuple[str, str]] | None:
        links = mailbox.invitations()
        progress.update(task, completed=len(addresses & links.keys()))
        return links if addresses <= links.keys() else None

    return patiently(arrived, "every contact has its invitation")


def _respond(
    platform: Platform, questions: list[dict[str, Any]], links: dict[str, tuple[str, str]], fictive: Fictive
) -> str:
    return respondents.respond(platform.assessments, questions, links[fictive.address], fictive)


def _review(platform: Platform, run: int, submitted: tuple[Fictive, str]) -> None:
    """Judge as the office would: what evidence supports, a little below the claim; some cells stay open."""
    fictive, assessment_id = submitted
    chance = random.Random(f"review {run} {fictive.address}")  # noqa: S311  a spread, not a secret
    platform.assessments.call("POST", f"/assessments/{assessment_id}/review")
    view = platform.assessments.get(f"/assessments/{assessment_id}")
    judged = [[_judge(cell, chance) for cell in row] for row in view["claimed"]]
    resolved = view["critical"] if chance.random() < 0.5 else []
    recommendation = "dialogue" if fictive.manner in ("weak", "alarming") else "none"
    body = {"judged": judged, "recommendation": recommendation, "resolved_critical": resolved}
    platform.assessments.call("POST", f"/assessments/{assessment_id}/completion", body)


def _judge(cell: float | None, chance: random.Random) -> float | None:
    return None if cell is None or chance.random() < 0.25 else round(cell * 0.9, 1)


def watch(platform: Platform, campaign_id: str) -> list[outcome.Case]:
    """Only watch, until every case has come to rest as it must or nothing moves any more."""
    with Progress(console=console) as progress:
        names = ("Rescored", "Decided", "Mails delivered")
        tasks = [progress.add_task(name, total=None) for name in names]
        seen, since = [-1], time.monotonic()
        while True:
            cases = outcome.read(platform, campaign_id)
            now = _how_far(cases)
            for (done, total), task in zip(now, tasks, strict=True):
                progress.update(task, completed=done, total=total)
            moved = [done for done, _ in now]
            if all(done >= total for done, total in now) or time.monotonic() - since > PATIENCE_SECONDS:
                return cases
            if moved != seen:
                seen, since = moved, time.monotonic()
            time.sleep(0.25)


def _how_far(cases: Iterable[outcome.Case]) -> list[tuple[int, int]]:
    cases = list(cases)
    completed = [case for case in cases if case.completed]
    expected = sum(case.expected_notices().total() for case in cases)
    delivered = sum((case.delivered_notices() & case.expected_notices()).total() for case in cases)
    return [
        (sum(case.rescored for case in completed), len(completed)),
        (sum(case.decided and (case.rescored or not case.completed) for case in cases), len(cases)),
        (delivered, expected),
    ]


def patiently(attempt: Callable[[], T | None], hope: str) -> T:
    """Return what `attempt` returns once it returns something; give up after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (result := attempt()) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: gave up waiting until {hope}; see `make logs` and `make status`")
        time.sleep(0.25)
    return result


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RefusedError as refusal:
        sys.exit(f"demo: {refusal}")
