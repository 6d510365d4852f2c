"""Handing mails to the mail server: one connection for many, and every answer kept as the server gave it."""

from __future__ import annotations

import smtplib
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from chassis import clock
from services.notifications.domain import Reply, Verdict, one_line, verdict

if TYPE_CHECKING:
    from services.notifications.mail import Letter

_READY = 250
# After these nobody can say what state the connection is in: closing, bad sequence of commands.
_UNFIT = frozenset({421, 503})


class ServerAway(Exception):  # noqa: N818  it is no error of ours
    """No connection can be had now; there is no use in trying other mails."""

    def __init__(self, reply: Reply) -> None:
        """Keep what was seen."""
        super().__init__(reply.text)
        self.reply = reply


class MailServer:
    """A connection to the server at `url`, opened by the first mail and again after the server hung up."""

    def __init__(self, url: str, timeout: float) -> None:
        """Remember where; silence of `timeout` seconds is a fault."""
        parts = urlsplit(url)
        self._host, self._port, self._timeout = parts.hostname or "localhost", parts.port or 25, timeout
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take leave of the server."""
        self._hang_up()

    def send(self, letter: Letter) -> Reply:
        """Hand over one mail and return the server's answer.

        Raises ServerAway if there is no server to talk to, and whatever is raised for a mail that
        cannot be written out; the next mail can be sent all the same. An answer lost after the whole
        mail has gone out counts as a temporary fault: the mail goes again under the same Message-ID.
        """
        smtp = self.connect()
        try:
            reply = _hand_over(smtp, letter)
        except smtplib.SMTPResponseException as fault:
            reply = _reply(verdict(fault.smtp_code), fault.smtp_code, _bytes(fault.smtp_error))
        except (OSError, smtplib.SMTPException) as fault:
            self._drop()
            return _reply("temporary", None, repr(fault).encode())
        except BaseException:
            self._drop()
            raise
        if reply.outcome != "accepted":
            self._start_over(reply.code)
        return reply

    @property
    def is_connected(self) -> bool:
        """Tell whether there is a connection, as far as has been heard."""
        return self._smtp is not None

    def connect(self) -> smtplib.SMTP:
        """Connect and greet, unless that has been done.

        Raises ServerAway. Who refuses us refuses no particular mail: it is away, whatever its code.
        """
        if self._smtp:
            return self._smtp
        smtp = smtplib.SMTP(timeout=self._timeout, local_hostname=socket.gethostname())
        try:
            code, text = smtp.connect(self._host, self._port)
            if code == 220:
                smtp.ehlo_or_helo_if_needed()
                self._smtp = smtp
                return smtp
        except smtplib.SMTPResponseException as fault:
            code, text = fault.smtp_code, _bytes(fault.smtp_error)
        except (OSError, smtplib.SMTPException) as fault:
            code, text = None, repr(fault).encode()
        smtp.close()
        raise ServerAway(_reply("temporary", code, text))

    def _start_over(self, code: int | None) -> None:
        """Make the connection fit for the next mail; what cannot be made fit is given up."""
        try:
            if code not in _UNFIT and self._smtp and self._smtp.rset()[0] == _READY:
                return
        except (OSError, smtplib.SMTPException):
            pass
        self._hang_up()

    def _hang_up(self) -> None:
        if self._smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()
        self._drop()

    def _drop(self) -> None:
        """Close without a word: in the middle of a mail, QUIT would be part of its text."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _hand_over(smtp: smtplib.SMTP, letter: Letter) -> Reply:
    """MAIL, RCPT, DATA: return the last answer (smtplib's own `send_message` keeps only refusals).

    The mail is written out first: once MAIL has been said, nothing of ours may fail.
    """
    eight_bits = smtp.has_extn("8bitmime")
    raw = letter.as_bytes(eight_bits=eight_bits)
    code, text = smtp.mail(letter.sender, ["BODY=8BITMIME"] if eight_bits else [])
    if code != _READY:
        # so far the server knows only our own address, the same in every mail
        return _reply("temporary", code, text)
    code, text = smtp.rcpt(letter.recipient)
    if code in {_READY, 251}:
        code, text = smtp.data(raw)
    return _reply(verdict(code), code, text)


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _reply(outcome: Verdict, code: int | None, text: bytes) -> Reply:
    return Reply(outcome, clock.now(), code, one_line(text.decode(errors="replace"))[:500])
