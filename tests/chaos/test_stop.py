"""A graceful stop in the middle of the work gives all that is unfinished back, whichever service stops."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chassis import broker
from chassis.db import connect
from tests.backbone import wait_until
from tests.chaos import audits, flood, mails, reactions, scores
from tests.chaos.load import register
from tests.chaos.rest import await_rest
from tests.chaos.row import broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.books import Books
    from tests.chaos.row import Row
    from tests.chaos.stage import Ground

SUBJECTS, VERSIONS, IN_HAND = 20, 120, 100
STOP_SECONDS = 10
# the service that stops -> the queue that it works on, and where the flood enters that makes this work
QUEUES = {
    "suppliers": ("suppliers.rescore", "suppliers.rescore"),
    "assessments": ("assessments.suppliers", "assessments.suppliers"),
    "audits": ("audits.policy", "suppliers.rescore"),
    "notifications": ("notifications.risk", "suppliers.rescore"),
}
_INBOX = "SELECT count(*) FROM inbox WHERE queue = %(queue)s"
_HELD_UP = "SELECT count(*) FROM pg_locks WHERE relation = 'inbox'::regclass AND NOT granted"
_SCORES = "SELECT count(*) FROM risk_score"
_CAUSES = "SELECT sum(cardinality(causes)) FROM risk_score"
_NAMES = "SELECT supplier_id::text, legal_name FROM supplier"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def timed(work: Callable[[], int]) -> tuple[int, float]:
    begun = time.monotonic()
    return work(), time.monotonic() - begun


def waiting(ground: Ground, queue: str) -> int:
    """How many messages no consumer holds."""
    with broker.channel(ground.amqp_url) as channel:
        count: int = channel.queue_declare(queue, passive=True).message_count
        return count


def given_back(ground: Ground, queue: str) -> int:
    """How many messages are in the queue that a consumer has held; they stay in it."""
    with broker.channel(ground.amqp_url) as channel:
        seen = list(iter(lambda: channel.basic_get(queue), None))
        return sum(bool(message.headers.get("x-delivery-count")) for message in seen)


def stop_in_the_middle(ground: Ground, books: Books, service: str, queue: str) -> list[tuple[int, float]]:
    """Stop all replicas, each in a transaction and with more in its hands; return status and time of each.

    A lock lets no batch end until the signal has been heard: what arrives meanwhile is unfinished.
    """
    replicas = ground.replicas.sets
    with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn, ThreadPoolExecutor() as pool:
        with conn, conn.cursor() as cursor:
            cursor.execute("LOCK TABLE inbox IN SHARE MODE")
            wait_until(lambda: books.column(service, _HELD_UP)[0] >= len(replicas))
            wait_until(lambda: ground.messages()[queue] > IN_HAND)
            stops = [pool.submit(timed, partial(each.stop, service)) for each in replicas]
            wait_until(lambda: not any(each.accepts(service) for each in replicas))
        return [each.result() for each in stops]


def told(books: Books, service: str, events: int) -> int:
    """How many events have been published to the queue, once all of the flood has come there."""
    if service in {"audits", "notifications"}:
        wait_until(lambda: books.column("suppliers", _CAUSES) == [SUBJECTS + events], 60)
        wait_until(lambda: books.column("suppliers", "SELECT count(*) FROM outbox") == [0])
        count: int = books.column("suppliers", _SCORES)[0]
        return count
    return events + (SUBJECTS if service == "assessments" else 0)


def effects(ground: Ground, books: Books, completed: Counter[str]) -> list[Row]:
    """Each event has had its effect, and had it once."""
    with ground.replicas.first.mailbox.lock:
        notices, again = mails.rows(books, list(ground.replicas.first.mailbox.mails))
    assert again == 0
    reacted = [*reactions.rescored(books, completed), *reactions.decided(books)]
    return [*scores.computed(books), *reacted, *audits.rows(books), *notices]


@pytest.mark.parametrize("service", QUEUES)
def test_a_graceful_stop_under_load_gives_back_every_event_that_is_not_handled(
    ground: Ground, books: Books, service: str
) -> None:
    queue, entrance = QUEUES[service]
    tell = flood.change if service == "assessments" else flood.completion
    suppliers = register(ground, SUBJECTS)
    events = flood.interleaved(tell, random.Random(3), suppliers, VERSIONS)  # noqa: S311
    publisher = threading.Thread(target=flood.publish, args=[ground, entrance, events])
    publisher.start()
    wait_until(lambda: books.column(service, _INBOX, queue=queue)[0] > len(events) // 8, 60)
    stops = stop_in_the_middle(ground, books, service, queue)
    publisher.join()
    assert [status for status, _ in stops] == [0, 0]
    assert max(seconds for _, seconds in stops) < STOP_SECONDS
    assert "service_stopped_in_the_middle" not in "".join(e.log(service) for e in ground.replicas.sets)
    handled, all_told = books.column(service, _INBOX, queue=queue)[0], told(books, service, len(events))
    assert 0 < handled < all_told
    wait_until(lambda: ground.messages()[queue] == all_told - handled)
    back = given_back(ground, queue)
    assert back > 0
    sys.stdout.write(f"{queue}: told={all_told} handled={handled} given_back={back} stops={stops}\n")
    wait_until(lambda: waiting(ground, queue) == all_told - handled)

    for each in ground.replicas.sets:
        each.start(service)
    ground.replicas.await_ready()
    assert await_rest(ground, books) is not None
    completed = Counter({} if service == "assessments" else dict.fromkeys(flood.newest(events), VERSIONS))
    assert broken(effects(ground, books, completed)) == {}
    if service == "assessments":
        newest = {subject: str(version) for subject, version in flood.newest(events).items()}
        assert books.mapping("assessments", _NAMES) == newest
