"""Sending: what goes out goes out while no transaction is open, and how it ended is recorded mail by mail."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any

import structlog

from chassis import clock
from services.notifications import mail, repository
from services.notifications.domain import Mail, Reply, Tried, next_try
from services.notifications.recording import Desk
from services.notifications.rules import SENDING
from services.notifications.smtp import MailServer, ServerAway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chassis.db import Begin

log = structlog.get_logger()

# How long the first sender, who has nothing left to do, waits for another before it looks for new mail
_LOOK_AGAIN_SECONDS = 1


def send_due_mail(
    begin: Begin, settings: Mapping[str, Any], leaving: Callable[[], bool] = lambda: False
) -> None:
    """Send what is due until nothing is left, the server is away, or the service is `leaving`."""
    _Round(begin, settings, leaving).run()


class _Round:
    """Senders side by side: the first, and helpers while there is more than a batch.

    Only the first sender's mails say that the server is away. A helper has a connection before it begins
    (or claims) anything, and leaves without a word if it gets none: a server may allow few of them.
    """

    def __init__(self, begin: Begin, settings: Mapping[str, Any], leaving: Callable[[], bool]) -> None:
        self._begin, self._settings, self._leaving = begin, settings, leaving
        self._desk = Desk(begin)
        self._stopped = self._crowded = False
        self._helpers: list[threading.Thread] = []
        self._faults: list[Exception] = []

    def run(self) -> None:
        """Send, and return when every sender has left; raise what kept one of them from going on."""
        try:
            with self._connection() as server:
                self._work_as_first(server)
        finally:
            self._stopped = True
            for helper in self._helpers:
                helper.join()
        if self._faults:
            raise self._faults[0]

    def _work_as_first(self, server: MailServer) -> None:
        while True:
            more = self._batch(server, self._goes_on, self._call_helpers)
            if not more and not self._is_helped():
                break

    def _is_helped(self) -> bool:
        """Wait a little for a helper; return False if there is none, or if all are leaving."""
        self._helpers = [helper for helper in self._helpers if helper.is_alive()]
        for helper in self._helpers[:1]:
            helper.join(_LOOK_AGAIN_SECONDS)
        return bool(self._helpers) and self._goes_on()

    def _call_helpers(self) -> None:
        """Let others send too, as many as may; not where the server has just taken no more connections."""
        self._helpers = [helper for helper in self._helpers if helper.is_alive()]
        while self._goes_on() and not self._crowded and len(self._helpers) < SENDING.connections - 1:
            # its log lines name what ours do
            work = contextvars.copy_context().run
            helper = threading.Thread(target=work, args=(self._help,), name="mail", daemon=True)
            self._helpers.append(helper)
            helper.start()

    def _help(self) -> None:
        try:
            with self._connection() as server:
                while self._batch(server, lambda: self._goes_on() and self._is_connected(server)):
                    pass
        except Exception as fault:  # noqa: BLE001  the round raises it when all have left
            self._faults.append(fault)

    def _is_connected(self, server: MailServer) -> bool:
        try:
            server.connect()
        except ServerAway as fault:
            self._crowded = True
            log.info("mail_connection_refused", smtp_code=fault.reply.code)
            return False
        return True

    def _connection(self) -> MailServer:
        return MailServer(self._settings["SMTP_URL"], SENDING.timeout_seconds)

    def _goes_on(self) -> bool:
        return not (self._stopped or self._faults or self._leaving())

    def _batch(
        self, server: MailServer, goes_on: Callable[[], bool], when_full: Callable[[], None] = lambda: None
    ) -> bool:
        """Claim and send a batch; return True if there may be more for this sender."""
        if not goes_on():
            return False
        now = clock.now()
        lapses = now + SENDING.claim
        limit = SENDING.batch if server.is_connected else 1  # who may be refused keeps no others waiting
        with self._begin() as tx:
            mails = repository.claim(tx, now, lapses, limit)
        if len(mails) == SENDING.batch:
            when_full()
        if mails:
            self._send_all(server, mails, lambda: goes_on() and clock.now() < lapses)
        return len(mails) == limit or clock.now() >= lapses

    def _send_all(self, server: MailServer, mails: Sequence[Mail], goes_on: Callable[[], bool]) -> None:
        """Send claimed mails; each is recorded together with the beginning of the next."""
        ended, until = None, clock.now()
        for claimed in mails:
            if not goes_on():
                break
            lease_until = self._desk.settle(ended, claimed, until if ended else clock.now() + SENDING.claim)
            ended = None
            if lease_until:
                ended, until = self._try(server, claimed), lease_until
        if ended:
            self._desk.settle(ended, None, until)

    def _try(self, server: MailServer, claimed: Mail) -> Tried:
        """Try one mail and return how it ended."""
        try:
            reply = server.send(mail.write(claimed, self._settings, clock.now()))
        except ServerAway as fault:
            reply, self._stopped = fault.reply, True
        except Exception as fault:  # noqa: BLE001  whatever it is, it is this mail's and stays with it
            # our own fault: the notice waits, visible, until the text or the address has been put right
            reply = Reply("temporary", clock.now(), None, f"could not be written: {fault!r}"[:500])
        told = {"outcome": reply.outcome, "smtp_code": reply.code, "correlation_id": claimed.correlation_id}
        log.info("mail_tried", notice_id=str(claimed.notice_id), **told)
        return Tried(claimed, reply, next_try(claimed.attempt, reply.at, SENDING.pace))
