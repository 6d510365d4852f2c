"""Sending: what goes out goes out while no transaction is open, and how it ended is recorded mail by mail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg2
import structlog

from chassis import clock
from services.notifications import mail, repository
from services.notifications.domain import Mail, Reply, next_try
from services.notifications.rules import SENDING
from services.notifications.smtp import MailServer, ServerAway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from chassis.db import Begin, Transaction

log = structlog.get_logger()

_SECONDS_BETWEEN_TRIES = 1

T = TypeVar("T")


def send_due_mail(begin: Begin, settings: Mapping[str, Any]) -> bool:
    """Send a batch of due mails; return True if there may be more."""
    now = clock.now()
    with begin() as tx:
        mails = repository.claim(tx, now, now + SENDING.claim, SENDING.batch)
    with MailServer(settings["SMTP_URL"], SENDING.timeout_seconds) as server:
        for claimed in mails:
            lease_until = _begin(begin, claimed)
            if lease_until and not _send(begin, server, claimed, settings, lease_until):
                return False
    return len(mails) == SENDING.batch


def _begin(begin: Begin, claimed: Mail) -> datetime | None:
    """Begin a try; return until when it is ours, None if it is another sender's.

    Through faults of the database too: of a try that was begun and left, the mail waits for the whole lease.
    """
    begun: list[datetime] = []

    def attempt(tx: Transaction) -> bool:
        begun.append(clock.now() + SENDING.lease)
        return repository.begin_attempt(tx, claimed, begun[-1], begun)

    return begun[-1] if _through_faults(begin, attempt, clock.now() + SENDING.claim) else None


def _send(
    begin: Begin, server: MailServer, claimed: Mail, settings: Mapping[str, Any], lease_until: datetime
) -> bool:
    """Try one mail and record how it ended; return False if the server is away."""
    away = False
    try:
        reply = server.send(mail.write(claimed, settings, clock.now()))
    except ServerAway as fault:
        reply, away = fault.reply, True
    except Exception as fault:  # noqa: BLE001  whatever it is, it is this mail's and stays with it
        # our own fault: the notice waits, visible, until the text or the address has been put right
        reply = Reply("temporary", clock.now(), None, f"could not be written: {fault!r}"[:500])
    _record(begin, claimed, reply, lease_until)
    told = {"outcome": reply.outcome, "smtp_code": reply.code, "correlation_id": claimed.correlation_id}
    log.info("mail_tried", notice_id=str(claimed.notice_id), **told)
    return not away


def _record(begin: Begin, claimed: Mail, reply: Reply, lease_until: datetime) -> None:
    """Record a try, through faults of the database too: only this keeps the mail from going again."""
    due_at = next_try(claimed.attempt, reply.at, SENDING.pace)
    _through_faults(begin, lambda tx: repository.record(tx, claimed, reply, due_at), lease_until)


def _through_faults(begin: Begin, work: Callable[[Transaction], T], until: datetime) -> T:
    """Do something in a transaction, and anew where the database fails; after a time let its fault out."""
    while True:
        try:
            with begin() as tx:
                return work(tx)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if clock.now() > until:
                raise
            time.sleep(_SECONDS_BETWEEN_TRIES)
