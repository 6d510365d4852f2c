"""`kill -9` in the middle: nothing lost, nothing doubled."""

from __future__ import annotations

from contextlib import closing
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

import pytest

from chassis.db import connect
from tests.backbone import wait_until
from tests.e2e import people
from tests.e2e.outcome import await_outcome, notice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def start_again(chain: Any, service: str) -> None:
    chain.start(service)
    chain.await_ready(service)


def kill_and_start_again(chain: Any, service: str) -> None:
    chain.stop(service, SIGKILL)
    start_again(chain, service)


@pytest.mark.parametrize(
    "service",
    [
        "suppliers",
        pytest.param("assessments", marks=pytest.mark.slow),
        pytest.param("audits", marks=pytest.mark.slow),
    ],
)
def test_a_service_killed_in_the_middle_of_a_burst_loses_and_doubles_nothing(
    chain: Any, service: str
) -> None:
    cases = people.ready_to_complete(chain, 16)
    answers = people.complete_all(chain, cases, halfway=lambda: kill_and_start_again(chain, service))
    assert (answers["no connection"] > 0) is (service == "assessments")
    await_outcome(chain, cases)


@pytest.mark.slow
def test_a_mail_whose_sender_is_killed_before_the_answer_goes_again_under_its_message_id_and_no_other_does(
    chain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = people.ready_to_complete(chain, 16)
    accepted = kill_during_mail(chain, cases, 20, monkeypatch)
    assert people.complete_all(chain, cases) == {200: 16}
    wait_until(lambda: len(accepted) == 20)
    assert chain.stop("notifications", SIGKILL) == -SIGKILL
    let_leases_lapse(chain)
    start_again(chain, "notifications")
    await_outcome(chain, cases, twice=accepted[-1:])


def kill_during_mail(
    chain: Any, cases: Sequence[people.Case], number: int, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Kill notifications when the server has taken that mail of the burst and not yet said so.

    Returns the notices of the mails up to and with that one.
    """
    keep: Callable[..., Any] = chain.mailbox.handle_DATA
    burst = {case.correlation_id for case in cases}
    accepted: list[str] = []

    async def handle(*said: Any) -> Any:
        answer = await keep(*said)
        mail = chain.mailbox.mails[-1]
        if str(mail["X-Correlation-ID"]) in burst and len(accepted) < number:
            accepted.append(notice_of(mail))
            if len(accepted) == number:
                chain.processes["notifications"].kill()
        return answer

    monkeypatch.setattr(chain.mailbox, "handle_DATA", handle)  # the mail server reads it for each connection
    return accepted


def let_leases_lapse(chain: Any) -> None:
    """Let the minutes pass for which the mails that a dead sender had claimed stay its own."""
    with closing(connect(chain.env["notifications"]["DATABASE_URL"])) as conn, conn, conn.cursor() as cursor:
        cursor.execute("UPDATE notice SET due_at = now() WHERE state = 'sending'")
        assert cursor.rowcount > 0


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_services_killed_one_after_the_other_in_a_long_burst_lose_and_double_nothing(chain: Any) -> None:
    cases = people.ready_to_complete(chain, 120)
    for turn, service in enumerate(["suppliers", "assessments", "audits"] * 2):
        part = cases[turn * 20 : (turn + 1) * 20]
        people.complete_all(chain, part, halfway=lambda service=service: kill_and_start_again(chain, service))
    await_outcome(chain, cases)
