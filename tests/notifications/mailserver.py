"""A real SMTP server that answers as a test wants and keeps what it accepts."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.harness import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

__all__ = ["MailServer", "free_port"]


class _Greeter(SMTP):
    """Says what the test wants before anything else."""

    async def push(self, status: Any) -> None:
        greeting = self.event_handler.greeting
        await super().push(greeting if greeting and str(status).startswith("220") else status)


class MailServer(Controller):
    """Answers 250, but for what the test put in.

    answers: to the next mails' texts; refused: address -> reply to its RCPT; refused_senders: to next MAILs.
    """

    def __init__(self, port: int) -> None:
        super().__init__(self, hostname="127.0.0.1", port=port)
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}
        self.refused_senders: list[str] = []
        self.greeting: str | None = None
        self.eight_bits = True
        self.on_mail: Callable[[], None] = lambda: None
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.connections = self.left = self.most_at_once = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        # the controller's own trial connection
        self.connections = self.left = self.most_at_once = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def factory(self) -> SMTP:
        self.connections += 1
        self.most_at_once = max(self.most_at_once, self.connections - self.left)
        return _Greeter(self, **self.SMTP_kwargs)

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        self.left += 1
        return "221 2.0.0 bye"

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> Any:
        session.host_name = hostname
        return [line for line in responses if self.eight_bits or "8BITMIME" not in line]

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refused_senders:
            return self.refused_senders.pop(0)
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.on_mail()
        with self._lock:
            if self.answers:
                return self.answers.pop(0)
            self.raw.append(envelope.content)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            return f"250 2.0.0 kept as {len(self.mails)}"
