"""Killed at the worst moments: after a restart every emitted event has had its effect exactly once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.backbone import wait_until
from tests.chassis.bench import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow  # each ends and starts a process two times

NAMES = [f"{number:03}" for number in range(120)]
ONCE = dict.fromkeys(NAMES, 1)
QUEUE = "things.made"


@pytest.fixture
def crashing(platform: Any, live_things: Any) -> Iterator[Callable[..., None]]:
    """Stop the service; `crashing(point, call)` starts one that dies there. Afterwards the real one runs."""
    platform.stop("things", signal.SIGTERM)
    module, env = platform.module, dict(platform.env["things"])

    def start(point: str, call: int = 1) -> None:
        platform.module = "tests.chassis.extra.crash"
        platform.env["things"] |= {"CRASH_AT": point, "CRASH_CALL": str(call)}
        platform.start("things")

    yield start
    platform.module, platform.env["things"] = module, env
    if "things" not in platform.processes or platform.processes["things"].poll() is not None:
        platform.start("things")
    platform.await_ready("things")


@pytest.fixture
def restart(platform: Any) -> Callable[[], None]:
    """Start the service as it is, without the point; nothing but the death itself was wrong."""

    def again() -> None:
        platform.module = "tests.chassis.extra"
        platform.start("things")
        platform.await_ready("things")

    return again


@pytest.fixture
def waiting(channel: Any) -> Callable[[], int]:
    """How many messages are in the service's queue, once those of the dead are given back."""
    return lambda: int(channel.queue_declare(QUEUE, passive=True).message_count)


def await_death(platform: Any) -> None:
    """Wait until the service has died by SIGKILL, at its point and of nothing else."""
    process = platform.processes["things"]
    wait_until(lambda: process.poll() is not None, 30)
    assert process.returncode == -signal.SIGKILL, platform.log("things")


def all_is_done(things: Any, waiting: Callable[[], int], expected: dict[str, int]) -> None:
    """Wait until nothing waits anywhere; each event has had its effect once, and none has failed."""
    wait_until(lambda: set(expected) <= set(things.times()))
    wait_until(lambda: not things.outbox() and waiting() == 0)
    assert things.times() == expected
    assert things.failed() == []


def test_before_commit_nothing_was_accepted_and_nothing_happens(
    platform, crashing, restart, live_things, waiting
):
    crashing("before commit")
    platform.await_ready("things")
    with pytest.raises(requests.ConnectionError):
        platform.send("POST", "things", "/things", {"name": "a"})
    await_death(platform)
    assert live_things.outbox() == []
    restart()
    assert platform.send("POST", "things", "/things", {"name": "b"}).status_code == 201
    all_is_done(live_things, waiting, {"b": 1})


def test_after_commit_an_unanswered_request_takes_its_effect(
    platform, crashing, restart, live_things, waiting
):
    crashing("after commit, before publish")
    platform.await_ready("things")
    with pytest.raises(requests.ConnectionError):
        platform.send("POST", "things", "/things", {"name": "a"})
    await_death(platform)
    assert live_things.outbox() == ["a"]
    assert live_things.times() == {}
    restart()
    all_is_done(live_things, waiting, {"a": 1})


@pytest.mark.parametrize(
    ("point", "call"),
    [
        ("claimed, before publish", 1),
        ("in the middle of publishing a batch", 1),
        ("in the middle of publishing a batch", 2),
        ("in the middle of publishing a batch", 4),
        ("after publish, before the confirm", 1),
        ("after confirm, before the row's removal", 1),
    ],
)
def test_a_relay_that_dies_has_removed_no_row_and_publishes_all_again(
    platform, crashing, restart, live_things, live_db, waiting, point, call
):
    emit(live_db, *NAMES)
    crashing(point, call)
    await_death(platform)
    assert live_things.outbox() == NAMES
    restart()
    all_is_done(live_things, waiting, ONCE)


def test_a_consumer_that_dies_before_its_commit_has_done_nothing_and_gets_the_batch_again(
    platform, crashing, restart, live_things, live_db, waiting
):
    emit(live_db, *NAMES)
    crashing("consumer before its commit")
    await_death(platform)
    assert live_things.times() == {}
    restart()
    all_is_done(live_things, waiting, ONCE)


def test_a_consumer_that_dies_after_its_commit_gets_the_batch_again_and_does_nothing_twice(
    platform, crashing, restart, live_things, live_db, waiting
):
    emit(live_db, *NAMES)
    crashing("consumer after its commit, before the ack")
    await_death(platform)
    handled = len(live_things.times())
    assert handled > 0
    wait_until(lambda: waiting() >= handled)  # not acknowledged: the broker has them all again
    restart()
    all_is_done(live_things, waiting, ONCE)
    duplicates = 'events_handled_total{outcome="duplicate",queue="things.made",type="thing_made"} '

    def known() -> float:
        told = platform.ops("things", "/metrics").text.splitlines()
        return sum(float(row.removeprefix(duplicates)) for row in told if row.startswith(duplicates))

    wait_until(lambda: known() >= handled)  # it has them in hand before it says so


def test_a_consumer_that_dies_between_two_events_of_a_batch_does_none_of_them_twice(
    platform, crashing, restart, live_things, live_db, waiting
):
    # events that fail make the consumer redo its batch one by one: it dies after the fifth
    live_things.ask("ALTER TABLE thing ADD CONSTRAINT refused CHECK (name NOT LIKE '%%9')")
    well = {name: 1 for name in NAMES if not name.endswith("9")}
    try:
        emit(live_db, *NAMES)
        crashing("consumer in the middle of a batch", 5)
        await_death(platform)
        assert 0 < len(live_things.times()) < len(well)
        restart()
        wait_until(lambda: live_things.times() == well)
        wait_until(lambda: len(live_things.failed()) == len(NAMES) - len(well))
    finally:
        live_things.ask("ALTER TABLE thing DROP CONSTRAINT refused")
    wait_until(lambda: not live_things.failed())
    all_is_done(live_things, waiting, ONCE)


@pytest.mark.parametrize("point", ["after confirm, before the row's removal", "consumer before its commit"])
def test_a_service_that_dies_at_the_same_point_again_and_again_loses_nothing_all_the_same(
    platform, crashing, restart, live_things, live_db, waiting, point
):
    emit(live_db, *NAMES)
    for _ in range(3):
        crashing(point)
        await_death(platform)
    restart()
    all_is_done(live_things, waiting, ONCE)
