"""Sending when senders meet, die or lose the database: each mail goes once, but for one known window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import pytest

from chassis import clock
from chassis.db import Database
from services.notifications import repository, sending, usecases
from services.notifications.domain import Reply, Tried
from services.notifications.rules import SENDING
from tests.notifications.outgoing import queue, seen, send, settings, tries
from tests.notifications.steps import notices, supplier


def test_two_replicas_that_claim_the_same_mails_send_each_exactly_once(emptied, dsn, server):
    everything = set(queue(emptied, 4 * SENDING.batch))
    replicas = [Database(dsn, 2), Database(dsn, 2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda replica: send(replica, server.port), replicas))
    for replica in replicas:
        replica.close()
    arrived = sorted(mail["Message-ID"] for mail in server.mails)
    assert arrived == sorted(f"<{notice}@kansliet.example>" for notice in everything)
    assert {seen(emptied, notice)["attempts"] for notice in everything} == {1}


def test_no_transaction_is_open_while_the_server_is_talked_to(emptied, dsn, server):
    queue(emptied, 2)
    states = []

    def look() -> None:
        with emptied.transaction() as tx, tx.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
            )
            states.append(cursor.fetchone().open)

    server.on_mail = look
    sender = Database(dsn, 2)
    send(sender, server.port)
    sender.close()
    assert states == [0, 0]


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def dying(db: Database, transactions: int, fault: BaseException, times: int = 1):
    """Give transactions, of which number `transactions` + 1 and as many after it as `times` says raise."""
    begun = iter(range(10_000))

    @contextmanager
    def begin():
        if transactions <= next(begun) < transactions + times:
            raise fault
        with db.transaction() as tx:
            yield tx

    return begin


def test_a_mail_whose_sender_died_before_recording_goes_again_under_the_same_message_id(emptied, server):
    (notice,) = queue(emptied)
    with pytest.raises(Killed):
        sending.send_due_mail(dying(emptied, 2, Killed()), settings(server.port))
    with clock.moved(SENDING.claim):
        send(emptied, server.port)
    assert (seen(emptied, notice)["state"], len(server.mails)) == ("sending", 1)
    with clock.moved(SENDING.lease):
        send(emptied, server.port)
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{notice}@kansliet.example>"] * 2
    assert (seen(emptied, notice)["state"], seen(emptied, notice)["attempts"]) == ("sent", 2)
    assert tries(emptied, notice) == [(2, "accepted", 250, "2.0.0 kept as 2")]


def test_a_database_that_goes_away_after_acceptance_makes_no_second_mail(emptied, server):
    (notice,) = queue(emptied)
    away = psycopg2.OperationalError("the database restarts")
    sending.send_due_mail(dying(emptied, 2, away), settings(server.port))
    send(emptied, server.port)
    assert (seen(emptied, notice)["state"], len(server.mails)) == ("sent", 1)


def test_a_database_that_goes_away_as_a_try_begins_delays_no_mail(emptied, server):
    """Whether the beginning was committed is not known: it was here, and nobody else has the mail."""
    (notice,) = queue(emptied)
    numbers = iter(range(10_000))

    @contextmanager
    def begin():
        with emptied.transaction() as tx:
            yield tx
        if next(numbers) == 1:
            raise psycopg2.OperationalError("the connection broke before the answer to COMMIT")

    sending.send_due_mail(begin, settings(server.port))
    assert (seen(emptied, notice)["state"], seen(emptied, notice)["attempts"]) == ("sent", 1)
    assert len(server.mails) == 1


def claimed(db, times=1):
    """Claim the one notice that is due, as so many senders would after each other's claims ran out."""
    mails = []
    for turn in range(times):
        now = clock.now() + turn * SENDING.claim
        with db.transaction() as tx:
            mails += repository.claim(tx, now, now + SENDING.claim, SENDING.batch)
    return mails


def begin(tx, mail):
    """Begin a try; tell whether it is ours."""
    return bool(repository.begin_attempts(tx, [(mail, [])], clock.now() + SENDING.lease))


def test_mails_whose_sender_died_before_beginning_them_go_soon_and_untried(emptied, server):
    everything = queue(emptied, 3)
    claimed(emptied)
    send(emptied, server.port)
    assert server.mails == []
    with clock.moved(SENDING.claim):
        send(emptied, server.port)
    assert [tries(emptied, notice) for notice in everything] == [
        [(1, "accepted", 250, f"2.0.0 kept as {place}")] for place in (1, 2, 3)
    ]


def test_of_two_senders_that_hold_one_claim_only_the_first_to_begin_sends(emptied):
    queue(emptied)
    first, second = claimed(emptied, 2)
    with emptied.transaction() as tx:
        begun = [begin(tx, mail) for mail in (second, first)]
    assert begun == [True, False]


def test_a_sender_whose_lease_ran_out_cannot_undo_what_the_next_one_did(emptied, server):
    (notice,) = queue(emptied)
    (stale,) = claimed(emptied)
    now = clock.now()
    with emptied.transaction() as tx:
        assert begin(tx, stale)
    with clock.moved(SENDING.lease):
        send(emptied, server.port)
    with emptied.transaction() as tx:
        repository.record(tx, [Tried(stale, Reply("permanent", now, 550, "no such user"), now)])
    assert (seen(emptied, notice)["state"], seen(emptied, notice)["attempts"]) == ("sent", 2)
    assert tries(emptied, notice) == [
        (1, "permanent", 550, "no such user"),
        (2, "accepted", 250, "2.0.0 kept as 1"),
    ]


def test_a_mail_that_lost_its_address_while_it_was_sent_waits_for_one_to_go_again(emptied):
    (notice,) = queue(emptied)
    (mail,) = claimed(emptied)
    now = clock.now()
    with emptied.transaction() as tx:
        assert begin(tx, mail)
        supplier_id = notices(tx)[0].supplier_id
        usecases.project_suppliers(tx, [supplier(supplier_id, version=2)], now)
        repository.record(tx, [Tried(mail, Reply("temporary", now, 451, "later"), now)])
    assert seen(emptied, notice)["state"] == "no_address"


def test_the_lease_covers_every_silence_that_a_living_sender_may_wait_through():
    assert SENDING.lease.total_seconds() > 6 * SENDING.timeout_seconds
