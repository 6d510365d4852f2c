"""Sending over real SMTP: what the server says decides, every try is kept, and nothing goes twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis import clock, links
from services.notifications import mail as mails
from services.notifications import smtp
from services.notifications.rules import SENDING
from tests.notifications import examples
from tests.notifications.mailserver import MailServer, free_port
from tests.notifications.outgoing import TABLES, queue, seen, send, tries


def test_a_mail_is_sent_once_and_its_acceptance_is_recorded(emptied, server):
    (notice,) = queue(emptied)
    before = clock.now()
    for _ in range(2):
        send(emptied, server.port)
    sent = seen(emptied, notice)
    assert (sent["state"], sent["attempts"], sent["reason"]) == ("sent", 1, None)
    assert before <= sent["accepted_at"] <= clock.now()
    assert tries(emptied, notice) == [(1, "accepted", 250, "2.0.0 kept as 1")]
    assert sent["accepted_at"] == sent["tries"][0].at
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{notice}@kansliet.example>"]


def test_what_arrives_is_what_was_written_and_carries_the_correlation_id(emptied, server):
    (notice,) = queue(emptied)
    send(emptied, server.port)
    (mail,) = server.mails
    assert (mail["To"], mail["X-Correlation-ID"]) == (
        "Anna Ek <person0@leverantor.example>",
        seen(emptied, notice)["correlation_id"],
    )
    assert mail["Subject"] == "Självskattning 2026, Handskar: svara senast den 2 januari 2027"
    assert "Sveriges regioner följer tillsammans upp" in mail.get_content()


def test_the_code_of_the_link_is_kept_nowhere(emptied, server, caplog, capfd):
    queue(emptied)
    send(emptied, server.port)
    with emptied.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT facts ->> 'invitation_id' AS invitation FROM occasion")
        code = links.code(examples.SETTINGS["LINK_KEY"], cursor.fetchone().invitation, 1)
        assert code in server.mails[0].get_content()
        for table in TABLES:
            cursor.execute(f"SELECT t::text FROM {table} AS t")  # noqa: S608  our own table names
            assert code not in str(cursor.fetchall())
    assert code not in "".join([caplog.text, *capfd.readouterr()])


def test_a_temporary_refusal_is_tried_again_later_and_both_tries_are_kept(emptied, server):
    (notice,) = queue(emptied)
    server.answers = ["451 4.7.1 try later"]
    send(emptied, server.port)
    waiting = seen(emptied, notice)
    assert (waiting["state"], waiting["reason"]) == ("queued", "4.7.1 try later")
    assert waiting["due_at"] == waiting["tries"][0].at + SENDING.pace.first
    send(emptied, server.port)
    assert len(seen(emptied, notice)["tries"]) == 1
    with clock.moved(SENDING.pace.first):
        send(emptied, server.port)
    assert tries(emptied, notice) == [
        (1, "temporary", 451, "4.7.1 try later"),
        (2, "accepted", 250, "2.0.0 kept as 1"),
    ]
    assert (seen(emptied, notice)["state"], seen(emptied, notice)["reason"]) == ("sent", None)


def test_a_refusal_for_good_ends_it_and_harms_no_other_mail(emptied, server):
    first, second, third = queue(emptied, 3)
    server.refused = {"person1@leverantor.example": "550 5.1.1 no such user"}
    send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in (first, second, third)] == ["sent", "failed", "sent"]
    assert seen(emptied, second)["reason"] == "5.1.1 no such user"
    assert tries(emptied, second) == [(1, "permanent", 550, "5.1.1 no such user")]
    with clock.moved(timedelta(days=30)):
        send(emptied, server.port)
    assert (len(server.mails), server.connections) == (2, 1)


def test_a_server_that_says_421_is_left_and_called_again_for_the_next_mail(emptied, server):
    first, second = queue(emptied, 2)
    server.answers = ["421 4.3.2 closing"]
    send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in (first, second)] == ["queued", "sent"]
    assert server.connections == 2


def test_a_server_that_is_down_keeps_nothing_from_going_when_it_is_back(emptied):
    port = free_port()
    first, second = queue(emptied, 2)
    send(emptied, port)
    (refused,) = seen(emptied, first)["tries"]
    assert (refused.outcome, refused.smtp_code) == ("temporary", None)
    assert "ConnectionRefusedError" in refused.reply
    assert (seen(emptied, second)["attempts"], tries(emptied, second)) == (0, [])
    with MailServer(port) as server, clock.moved(SENDING.claim):
        send(emptied, port)
        assert len(server.mails) == 2
    assert [seen(emptied, each)["state"] for each in (first, second)] == ["sent", "sent"]


def test_while_a_server_is_down_the_waits_grow(emptied):
    (notice,) = queue(emptied)
    later = timedelta()
    waits = []
    for _ in range(4):
        with clock.moved(later):
            send(emptied, free_port())
        last = seen(emptied, notice)
        waits.append((last["due_at"] - last["tries"][-1].at).total_seconds())
        later += timedelta(hours=1)
    assert (waits, last["attempts"]) == ([2, 4, 8, 16], 4)


def test_a_server_that_greets_with_a_refusal_refuses_no_mail_in_particular(emptied, server):
    (notice,) = queue(emptied)
    server.greeting = "554 5.7.1 not you"
    send(emptied, server.port)
    assert tries(emptied, notice) == [(1, "temporary", 554, "5.7.1 not you")]
    assert seen(emptied, notice)["state"] == "queued"


def test_a_server_without_8bitmime_gets_seven_bits_and_the_same_text(emptied, server):
    queue(emptied)
    server.eight_bits = False
    send(emptied, server.port)
    (mail,) = server.mails
    assert server.raw[0].isascii()
    assert "Sveriges regioner följer tillsammans upp" in mail.get_content()


def test_a_text_that_cannot_be_written_waits_visibly_and_harms_no_other_mail(emptied, server):
    first, second = queue(emptied, 2)
    with emptied.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(
            "UPDATE occasion SET facts = facts - 'deadline' FROM notice"
            " WHERE notice.event_id = occasion.event_id AND notice_id = %s",
            [first],
        )
    send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in (first, second)] == ["queued", "sent"]
    assert str(seen(emptied, first)["reason"]).startswith("could not be written: UndefinedError(")


def unwritable(anybody="person0@leverantor.example"):
    """A mail that can be written and then cannot be written out."""
    headers = (("To", "\udcc3["), ("Content-Language", "sv"))
    return mails.Letter("kedja@kansliet.example", anybody, headers, "text\n")


def test_a_mail_that_cannot_be_written_out_says_so_before_the_server_hears_of_it(server):
    written = mails.write(examples.mail("audit_confirmed", "region", "sv"), examples.SETTINGS, clock.now())
    with smtp.MailServer(f"smtp://127.0.0.1:{server.port}", 10) as mail_server:
        with pytest.raises(UnicodeEncodeError):
            mail_server.send(unwritable())
        assert mail_server.send(written).outcome == "accepted"
    assert len(server.mails) == 1


def test_any_fault_of_a_mail_is_kept_with_it_and_harms_no_other(emptied, server, monkeypatch):
    first, second, third = queue(emptied, 3)
    write = mails.write

    def sometimes(claimed, *others):
        if claimed.notice_id == first:
            return unwritable()
        if claimed.notice_id == second:
            raise AssertionError("a fault that nobody thought of")
        return write(claimed, *others)

    monkeypatch.setattr(mails, "write", sometimes)
    send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in (first, second, third)] == ["queued", "queued", "sent"]
    assert "UnicodeEncodeError" in str(seen(emptied, first)["reason"])
    assert "nobody thought of" in str(seen(emptied, second)["reason"])


def test_a_name_in_code_poisons_nobody_elses_mail(emptied, server):
    everything = queue(emptied, 3, name="=?utf-8?q?=C3?=[")
    send(emptied, server.port)
    assert [seen(emptied, each)["state"] for each in everything] == ["sent"] * 3


def test_a_refusal_of_what_we_said_before_is_not_the_mails_fault(emptied, server):
    first, second = queue(emptied, 2)
    server.refused = {"person0@leverantor.example": "503 5.5.1 nested MAIL command"}
    send(emptied, server.port)
    assert tries(emptied, first) == [(1, "temporary", 503, "5.5.1 nested MAIL command")]
    assert [seen(emptied, each)["state"] for each in (first, second)] == ["queued", "sent"]
    assert server.connections == 2


def test_a_refusal_of_our_own_address_is_no_mails_fault(emptied, server):
    (notice,) = queue(emptied)
    server.refused_senders = ["550 5.7.1 sender unknown"]
    send(emptied, server.port)
    assert tries(emptied, notice) == [(1, "temporary", 550, "5.7.1 sender unknown")]
    with clock.moved(SENDING.pace.first):
        send(emptied, server.port)
    assert seen(emptied, notice)["state"] == "sent"
