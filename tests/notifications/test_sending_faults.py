"""Sending when senders meet, die or lose the database: each mail goes once, but for one known window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import pytest

from chassis import clock
from chassis.db import Database
from services.notifications import repository, sending, usecases
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
        sending.send_due_mail(dying(emptied, 1, Killed()), settings(server.port))
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
    sending.send_due_mail(dying(emptied, 1, away), settings(server.port))
    send(emptied, server.port)
    assert (seen(emptied, notice)["state"], len(server.mails)) == ("sent", 1)


def test_a_sender_whose_lease_ran_out_cannot_undo_what_the_next_one_did(emptied, server):
    (notice,) = queue(emptied)
    now = clock.now()
    with emptied.transaction() as tx:
        (stale,) = repository.claim(tx, now, now + SENDING.lease, SENDING.batch)
    with clock.moved(SENDING.lease):
        send(emptied, server.port)
    with emptied.transaction() as tx:
        repository.give_back(tx, [stale], now)
        refused = sending.Reply("permanent", now, 550, "no such user")
        repository.record(tx, stale, refused, now)
    assert (seen(emptied, notice)["state"], seen(emptied, notice)["attempts"]) == ("sent", 2)
    assert tries(emptied, notice) == [
        (1, "permanent", 550, "no such user"),
        (2, "accepted", 250, "2.0.0 kept as 1"),
    ]


def test_a_mail_that_lost_its_address_while_it_waited_to_be_tried_again_waits_for_one(emptied, server):
    (notice,) = queue(emptied)
    now = clock.now()
    with emptied.transaction() as tx:
        (mail,) = repository.claim(tx, now, now + SENDING.lease, SENDING.batch)
        supplier_id = notices(tx)[0].supplier_id
        usecases.project_suppliers(tx, [supplier(supplier_id, version=2)], now)
        repository.record(tx, mail, sending.Reply("temporary", now, 451, "later"), now)
    assert seen(emptied, notice)["state"] == "no_address"
