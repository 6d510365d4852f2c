"""Several senders in one process: each mail goes once, a server that is away is noted once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace

import psycopg2
import pytest

from chassis import clock
from services.notifications import repository, sending
from services.notifications.domain import Reply, Tried
from services.notifications.recording import Desk
from services.notifications.rules import SENDING as AS_RELEASED
from tests.backbone import wait_until
from tests.notifications.mailserver import free_port
from tests.notifications.outgoing import queue, seen, send, settings, tries

# Few enough that a helper still sends while the last of them is called
SENDING = replace(AS_RELEASED, connections=4, batch=50)
MANY = 5 * SENDING.batch


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(sending, "SENDING", SENDING)


def all_tries(db, everything):
    return [each for notice in everything for each in tries(db, notice)]


def test_senders_side_by_side_send_each_mail_once_over_a_connection_each(emptied, server):
    everything = queue(emptied, MANY)
    send(emptied, server.port)
    arrived = sorted(mail["Message-ID"] for mail in server.mails)
    assert arrived == sorted(f"<{notice}@kansliet.example>" for notice in everything)
    assert [each[:3] for each in all_tries(emptied, everything)] == [(1, "accepted", 250)] * MANY
    # in all there may be more: a helper that found less than a batch leaves, and another may be called
    assert server.most_at_once == SENDING.connections


def test_less_than_a_batch_goes_over_one_connection(emptied, server):
    queue(emptied, SENDING.batch - 1)
    send(emptied, server.port)
    assert (len(server.mails), server.connections) == (SENDING.batch - 1, 1)


def test_a_server_that_is_away_is_one_mails_try_however_many_senders_there_are(emptied):
    everything = queue(emptied, MANY)
    send(emptied, free_port())
    assert [each[:3] for each in all_tries(emptied, everything)] == [(1, "temporary", None)]


def test_a_server_that_goes_away_is_noted_by_one_sender_and_all_stop(emptied, server):
    everything = queue(emptied, MANY)

    def go() -> None:
        if len(server.mails) == 2 * SENDING.batch:
            server.greeting = "421 4.3.2 closing"
            server.answers = ["421 4.3.2 closing"] * MANY

    server.on_mail = go
    send(emptied, server.port)
    codes = [each[2] for each in all_tries(emptied, everything)]
    # what each had in hand, and the one that found nobody there
    assert codes.count(250) == 2 * SENDING.batch
    assert 2 <= codes.count(421) <= SENDING.connections + 1


def test_a_server_that_allows_one_connection_gets_all_mail_over_that(emptied, server):
    everything = queue(emptied, MANY)
    server.on_mail = lambda: setattr(server, "greeting", "421 4.7.0 too many connections")
    send(emptied, server.port)
    assert [each[:3] for each in all_tries(emptied, everything)] == [(1, "accepted", 250)] * MANY
    # helpers ask once, not again with every batch
    assert 1 < server.connections <= SENDING.connections


def test_who_leaves_finishes_the_mails_in_hand_and_begins_no_other(emptied, server):
    everything = queue(emptied, MANY)
    enough = SENDING.batch + 10
    sending.send_due_mail(
        emptied.transaction, settings(server.port), leaving=lambda: len(server.mails) >= enough
    )
    assert enough <= len(server.mails) < enough + SENDING.connections
    assert {seen(emptied, notice)["attempts"] for notice in everything} == {0, 1}
    assert len(all_tries(emptied, everything)) == len(server.mails)


def test_what_keeps_a_helper_from_going_on_stops_the_round(emptied, server):
    queue(emptied, MANY)
    claims = iter(range(1000))

    @contextmanager
    def begin():
        if threading.current_thread().name == "mail" and next(claims) == 0:
            raise psycopg2.OperationalError("the database is away")
        with emptied.transaction() as tx:
            yield tx

    with pytest.raises(psycopg2.OperationalError):
        sending.send_due_mail(begin, settings(server.port))
    assert len(server.mails) < MANY


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def dying_after(db, number):
    """Give transactions; the process dies when that many have been committed."""
    done = iter(range(1, 1000))

    @contextmanager
    def begin():
        with db.transaction() as tx:
            yield tx
        if next(done) == number:
            raise Killed

    return begin


# A round's transactions: the first mail's claim, its beginning and its end, since nobody is connected yet;
# the others' claim, the second's beginning, its end with the third's beginning
def test_who_dies_after_recording_one_and_beginning_the_next_leaves_the_next_for_the_lease(emptied, server):
    first, second, third, fourth = queue(emptied, 4)
    with pytest.raises(Killed):
        sending.send_due_mail(dying_after(emptied, 6), settings(server.port))
    states = [seen(emptied, each)["state"] for each in (first, second)]
    assert (states, len(server.mails)) == (["sent", "sent"], 2)
    with clock.moved(SENDING.claim):
        send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in (third, fourth)] == ["sending", "sent"]
    with clock.moved(SENDING.lease):
        send(emptied, server.port)
    assert tries(emptied, third) == [(2, "accepted", 250, "2.0.0 kept as 4")]
    assert tries(emptied, second) == [(1, "accepted", 250, "2.0.0 kept as 2")]


def test_who_dies_before_recording_one_has_not_begun_the_next(emptied, server):
    _, second, third = queue(emptied, 3)
    with pytest.raises(Killed):
        sending.send_due_mail(dying_before(emptied, 5), settings(server.port))
    assert len(server.mails) == 2
    with clock.moved(SENDING.claim):
        send(emptied, server.port)
    assert tries(emptied, third) == [(1, "accepted", 250, "2.0.0 kept as 3")]
    assert (seen(emptied, second)["state"], tries(emptied, second)) == ("sending", [])


def test_a_mail_that_another_sender_has_begun_meanwhile_is_left_to_that_one(emptied, server):
    first, second, third, fourth = queue(emptied, 4)

    def take_over() -> None:
        if len(server.mails) != 1:  # while the second is handed over
            return
        now = clock.now() + SENDING.claim
        with emptied.transaction() as tx:
            mails = repository.claim(tx, now, now + SENDING.claim, SENDING.batch)
            wanted = [(mail, []) for mail in mails if mail.notice_id == third]
            assert repository.begin_attempts(tx, wanted, now + SENDING.lease) == {third}

    server.on_mail = take_over
    send(emptied, server.port)
    assert [mail["Message-ID"] for mail in server.mails] == [
        f"<{notice}@kansliet.example>" for notice in (first, second, fourth)
    ]
    assert (seen(emptied, third)["state"], tries(emptied, third)) == ("sending", [])


def dying_before(db, number):
    """Give transactions; the process dies when that many have been committed and one more begins."""
    begun = iter(range(1000))

    @contextmanager
    def begin():
        with db.transaction() as tx:
            if next(begun) == number:
                raise Killed
            yield tx

    return begin


def hand_in_together(db, hand_in, steps):
    """Call `hand_in(desk, *step)` in a thread for each step: those after the first share a transaction."""
    gate, inside = threading.Event(), threading.Event()

    @contextmanager
    def begin():
        inside.set()
        gate.wait(20)
        with db.transaction() as tx:
            yield tx

    desk = Desk(begin)
    threads = [threading.Thread(target=hand_in, args=(desk, *step)) for step in steps]
    threads[0].start()
    inside.wait(20)
    for number, thread in enumerate(threads[1:], start=1):
        thread.start()
        wait_until(lambda number=number: len(desk._waiting) == number)
    gate.set()
    for thread in threads:
        thread.join(20)


def test_a_record_that_cannot_be_kept_keeps_no_other_senders_from_being_kept(emptied):
    queue(emptied, 3)
    now = clock.now()
    with emptied.transaction() as tx:
        mails = repository.claim(tx, now, now + SENDING.claim, SENDING.batch)
        repository.begin_attempts(tx, [(mail, []) for mail in mails], now + SENDING.lease)
    faults = []

    def settle(desk, mail, outcome) -> None:
        try:
            desk.settle(Tried(mail, Reply(outcome, now, 250, "kept"), now), None, now)
        except psycopg2.Error as fault:
            faults.append(type(fault))

    hand_in_together(emptied, settle, zip(mails, ("accepted", "accepted", "nonsense"), strict=True))
    assert faults == [psycopg2.errors.CheckViolation]
    assert [seen(emptied, mail.notice_id)["state"] for mail in mails] == ["sent", "sent", "sending"]


def test_of_two_senders_that_hand_in_one_mail_together_one_may_send_it(emptied):
    queue(emptied, 2)
    claims = []
    for turn in range(2):  # the second claim when the first has lapsed
        now = clock.now() + turn * SENDING.claim
        with emptied.transaction() as tx:
            claims.append(repository.claim(tx, now, now + SENDING.claim, SENDING.batch))
    (first, same), (_, again) = claims
    ours = []

    def settle(desk, mail) -> None:
        ours.append((mail.notice_id, desk.settle(None, mail, clock.now()) is not None))

    hand_in_together(emptied, settle, [(first,), (same,), (again,)])
    assert sorted(ours) == sorted([(first.notice_id, True), (same.notice_id, True), (same.notice_id, False)])


def test_a_sender_whose_claim_has_lapsed_begins_nothing_more_of_it_and_claims_anew(
    emptied, server, monkeypatch
):
    everything = queue(emptied, 10)
    claimed, claim = [], repository.claim
    monkeypatch.setattr(repository, "claim", lambda *them: claimed.append(claim(*them)) or claimed[-1])
    moved = clock.moved(SENDING.claim)
    server.on_mail = lambda: moved.__enter__() if len(server.mails) == 4 else None
    try:
        send(emptied, server.port)
    finally:
        moved.__exit__(None, None, None)
    assert [len(mails) for mails in claimed[:2]] == [1, 9]
    assert 5 <= sum(len(mails) for mails in claimed[2:]) <= 6
    assert [each[:3] for each in all_tries(emptied, everything)] == [(1, "accepted", 250)] * 10
    assert {seen(emptied, notice)["attempts"] for notice in everything} == {1}


def test_a_server_that_refuses_the_first_connection_keeps_only_one_mail_waiting(emptied):
    everything = queue(emptied, 10)
    send(emptied, free_port())
    with emptied.transaction() as tx:
        now = clock.now()
        free = repository.claim(tx, now, now + SENDING.claim, SENDING.batch)
    assert len(free) == len(everything) - 1
