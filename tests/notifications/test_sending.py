"""Sending over real SMTP: what the server says decides, every try is kept, and nothing goes twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import psycopg2
import pytest

from chassis import clock, links
from chassis.db import Database
from services.notifications import repository, sending, usecases
from services.notifications.rules import SENDING
from tests.notifications import examples
from tests.notifications.mailserver import MailServer, free_port
from tests.notifications.steps import category, contact, invited, notices, supplier

TABLES = "attempt, notice, recipient, occasion, category, supplier"


@pytest.fixture
def db(db):
    """The service's database with nothing in it: a sender claims whatever is due."""
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES}")
    return db


@pytest.fixture
def server():
    with MailServer(free_port()) as running:
        yield running


def settings(port: int) -> dict[str, str]:
    return {**examples.SETTINGS, "SMTP_URL": f"smtp://127.0.0.1:{port}"}


def queue(db: Database, count: int = 1) -> list[object]:
    """Queue invitations, each to a contact of its own; return their notices in order."""
    supplier_id = uuid4()
    people = [contact(f"person{number}@leverantor.example") for number in range(count)]
    with db.transaction() as tx:
        usecases.project_categories(tx, [category()], clock.now())
        usecases.project_suppliers(tx, [supplier(supplier_id, *people)], clock.now())
        invitations = [invited(supplier_id, each["contact_id"]) for each in people]
        usecases.take_note(tx, invitations, clock.now())
        return [row.notice_id for row in notices(tx, supplier_id=supplier_id)]


def send(db: Database, port: int) -> None:
    """Send whatever is due, as the loop does."""
    while sending.send_due_mail(db.transaction, settings(port)):
        pass


def seen(db: Database, notice_id: object) -> dict[str, object]:
    with db.transaction() as tx:
        return usecases.get_notice(tx, notice_id)


def tries(db: Database, notice_id: object) -> list[tuple[int, str, int | None, str]]:
    return [(each.number, each.outcome, each.smtp_code, each.reply) for each in seen(db, notice_id)["tries"]]


def test_a_mail_is_sent_once_and_its_acceptance_is_recorded(db, server):
    (notice,) = queue(db)
    before = clock.now()
    for _ in range(2):
        send(db, server.port)
    sent = seen(db, notice)
    assert (sent["state"], sent["attempts"], sent["reason"]) == ("sent", 1, None)
    assert before <= sent["accepted_at"] <= clock.now()
    assert tries(db, notice) == [(1, "accepted", 250, "2.0.0 kept as 1")]
    assert sent["accepted_at"] == sent["tries"][0].at
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{notice}@kansliet.example>"]


def test_what_arrives_is_what_was_written_and_carries_the_correlation_id(db, server):
    (notice,) = queue(db)
    send(db, server.port)
    (mail,) = server.mails
    assert (mail["To"], mail["X-Correlation-ID"]) == (
        "Anna Ek <person0@leverantor.example>",
        seen(db, notice)["correlation_id"],
    )
    assert mail["Subject"] == "Självskattning 2026, Handskar: svara senast den 2 januari 2027"
    assert "Sveriges regioner följer tillsammans upp" in mail.get_content()


def test_the_code_of_the_link_is_kept_nowhere(db, server, caplog, capfd):
    queue(db)
    send(db, server.port)
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT facts ->> 'invitation_id' AS invitation FROM occasion")
        code = links.code(examples.SETTINGS["LINK_KEY"], cursor.fetchone().invitation, 1)
        assert code in server.mails[0].get_content()
        for table in TABLES.split(", "):
            cursor.execute(f"SELECT t::text FROM {table} AS t")  # noqa: S608  our own table names
            assert code not in str(cursor.fetchall())
    assert code not in "".join([caplog.text, *capfd.readouterr()])


def test_many_mails_go_over_one_connection_a_batch(db, server):
    queue(db, SENDING.batch + 1)
    send(db, server.port)
    assert (len(server.mails), server.connections) == (SENDING.batch + 1, 2)


def test_a_temporary_refusal_is_tried_again_later_and_both_tries_are_kept(db, server):
    (notice,) = queue(db)
    server.answers = ["451 4.7.1 try later"]
    send(db, server.port)
    waiting = seen(db, notice)
    assert (waiting["state"], waiting["reason"]) == ("queued", "4.7.1 try later")
    assert waiting["due_at"] == waiting["tries"][0].at + SENDING.pace.first
    send(db, server.port)
    assert len(seen(db, notice)["tries"]) == 1
    with clock.moved(SENDING.pace.first):
        send(db, server.port)
    assert tries(db, notice) == [
        (1, "temporary", 451, "4.7.1 try later"),
        (2, "accepted", 250, "2.0.0 kept as 1"),
    ]
    assert (seen(db, notice)["state"], seen(db, notice)["reason"]) == ("sent", None)


def test_a_refusal_for_good_ends_it_and_harms_no_other_mail(db, server):
    first, second, third = queue(db, 3)
    server.refused = {"person1@leverantor.example": "550 5.1.1 no such user"}
    send(db, server.port)
    assert [seen(db, each)["state"] for each in (first, second, third)] == ["sent", "failed", "sent"]
    assert seen(db, second)["reason"] == "5.1.1 no such user"
    assert tries(db, second) == [(1, "permanent", 550, "5.1.1 no such user")]
    with clock.moved(timedelta(days=30)):
        send(db, server.port)
    assert (len(server.mails), server.connections) == (2, 1)


def test_a_server_that_says_421_is_left_and_called_again_for_the_next_mail(db, server):
    first, second = queue(db, 2)
    server.answers = ["421 4.3.2 closing"]
    send(db, server.port)
    assert [seen(db, each)["state"] for each in (first, second)] == ["queued", "sent"]
    assert server.connections == 2


def test_a_server_that_is_down_keeps_nothing_from_going_when_it_is_back(db):
    port = free_port()
    first, second = queue(db, 2)
    send(db, port)
    assert [seen(db, each)["state"] for each in (first, second)] == ["queued", "queued"]
    (refused,) = seen(db, first)["tries"]
    assert (refused.outcome, refused.smtp_code) == ("temporary", None)
    assert "ConnectionRefusedError" in refused.reply
    assert tries(db, second) == []
    with MailServer(port) as server, clock.moved(SENDING.pace.first):
        send(db, port)
        assert len(server.mails) == 2
    assert [seen(db, each)["state"] for each in (first, second)] == ["sent", "sent"]


def test_while_a_server_is_down_the_waits_grow(db):
    (notice,) = queue(db)
    later = timedelta()
    waits = []
    for _ in range(4):
        with clock.moved(later):
            send(db, free_port())
        last = seen(db, notice)
        waits.append((last["due_at"] - last["tries"][-1].at).total_seconds())
        later += timedelta(hours=1)
    assert (waits, last["attempts"]) == ([2, 4, 8, 16], 4)


def test_a_server_that_greets_with_a_refusal_refuses_no_mail_in_particular(db, server):
    (notice,) = queue(db)
    server.greeting = "554 5.7.1 not you"
    send(db, server.port)
    assert tries(db, notice) == [(1, "temporary", 554, "5.7.1 not you")]
    assert seen(db, notice)["state"] == "queued"


def test_a_server_without_8bitmime_gets_seven_bits_and_the_same_text(db, server):
    queue(db)
    server.eight_bits = False
    send(db, server.port)
    (mail,) = server.mails
    assert server.raw[0].isascii()
    assert "Sveriges regioner följer tillsammans upp" in mail.get_content()


def test_a_text_that_cannot_be_written_waits_visibly_and_harms_no_other_mail(db, server):
    first, second = queue(db, 2)
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(
            "UPDATE occasion SET facts = facts - 'deadline' FROM notice"
            " WHERE notice.event_id = occasion.event_id AND notice_id = %s",
            [first],
        )
    send(db, server.port)
    assert [seen(db, each)["state"] for each in (first, second)] == ["queued", "sent"]
    assert str(seen(db, first)["reason"]).startswith("could not be written: UndefinedError(")


def test_two_replicas_that_claim_the_same_mails_send_each_exactly_once(db, dsn, server):
    everything = set(queue(db, 4 * SENDING.batch))
    replicas = [Database(dsn, 2), Database(dsn, 2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda replica: send(replica, server.port), replicas))
    for replica in replicas:
        replica.close()
    arrived = sorted(mail["Message-ID"] for mail in server.mails)
    assert arrived == sorted(f"<{notice}@kansliet.example>" for notice in everything)
    assert {seen(db, notice)["attempts"] for notice in everything} == {1}


def test_no_transaction_is_open_while_the_server_is_talked_to(db, dsn, server):
    queue(db, 2)
    states = []

    def look() -> None:
        with db.transaction() as tx, tx.cursor() as cursor:
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


def test_a_mail_whose_sender_died_before_recording_goes_again_under_the_same_message_id(db, server):
    (notice,) = queue(db)
    with pytest.raises(Killed):
        sending.send_due_mail(dying(db, 1, Killed()), settings(server.port))
    send(db, server.port)
    assert (seen(db, notice)["state"], len(server.mails)) == ("sending", 1)
    with clock.moved(SENDING.lease):
        send(db, server.port)
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{notice}@kansliet.example>"] * 2
    assert (seen(db, notice)["state"], seen(db, notice)["attempts"]) == ("sent", 2)
    assert tries(db, notice) == [(2, "accepted", 250, "2.0.0 kept as 2")]


def test_a_database_that_goes_away_after_acceptance_makes_no_second_mail(db, server):
    (notice,) = queue(db)
    away = psycopg2.OperationalError("the database restarts")
    sending.send_due_mail(dying(db, 1, away), settings(server.port))
    send(db, server.port)
    assert (seen(db, notice)["state"], len(server.mails)) == ("sent", 1)


def test_a_sender_whose_lease_ran_out_cannot_undo_what_the_next_one_did(db, server):
    (notice,) = queue(db)
    now = clock.now()
    with db.transaction() as tx:
        (stale,) = repository.claim(tx, now, now + SENDING.lease, SENDING.batch)
    with clock.moved(SENDING.lease):
        send(db, server.port)
    with db.transaction() as tx:
        repository.give_back(tx, [stale], now)
        refused = sending.Reply("permanent", now, 550, "no such user")
        repository.record(tx, stale, refused, now)
    assert (seen(db, notice)["state"], seen(db, notice)["attempts"]) == ("sent", 2)
    assert tries(db, notice) == [
        (1, "permanent", 550, "no such user"),
        (2, "accepted", 250, "2.0.0 kept as 1"),
    ]


def test_a_mail_that_lost_its_address_while_it_waited_to_be_tried_again_waits_for_one(db, server):
    (notice,) = queue(db)
    now = clock.now()
    with db.transaction() as tx:
        (mail,) = repository.claim(tx, now, now + SENDING.lease, SENDING.batch)
        supplier_id = notices(tx)[0].supplier_id
        usecases.project_suppliers(tx, [supplier(supplier_id, version=2)], now)
        repository.record(tx, mail, sending.Reply("temporary", now, 451, "later"), now)
    assert seen(db, notice)["state"] == "no_address"
