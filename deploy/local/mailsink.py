"""A mail server for development: accepts every mail and keeps each as one file that a person can open.

It stands on its own (aiosmtpd only), so that an image can run it:
`python mailsink.py --host 0.0.0.0 --port 2525 --dir /mail`
"""

import argparse
import asyncio
import email
import itertools
import os
import re
import signal
import sys
import unicodedata
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_counter = itertools.count()


class Keeper:
    """Writes each mail into `folder` as `<UTC time>-<recipient>-<subject>.eml`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep the mail, then accept it: whoever got the 250 finds the file complete."""
        content = envelope.original_content or b""
        now = datetime.now(UTC)
        name = file_name(now, envelope.rcpt_tos, content)
        half = self._folder / f".{os.getpid()}-{next(_counter)}"
        half.write_bytes(_trace(now, envelope) + content)
        half.replace(self._folder / name)
        sys.stdout.write(f"{now.isoformat()} kept {name}\n")
        sys.stdout.flush()
        return "250 2.0.0 kept"


def file_name(now: datetime, recipients: list[str], content: bytes) -> str:
    """Sortable by time, readable, unique; only letters that every file system takes."""
    subject = str(email.message_from_bytes(content, policy=default)["subject"] or "no subject")
    to = _slug(recipients[0], keep="@.", length=60) if recipients else "nobody"
    return f"{now:%Y%m%dT%H%M%S.%f}-{next(_counter):06d}-{to}-{_slug(subject, length=70)}.eml"


def _slug(text: str, length: int, keep: str = "") -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(rf"[^a-z0-9{re.escape(keep)}]+", "-", plain)[:length].strip("-.")


def _trace(now: datetime, envelope: Envelope) -> bytes:
    """What a real server adds and the mail itself need not say: when it came, and from and to whom."""
    trace = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {', '.join(envelope.rcpt_tos)}\r\n"
    return (trace + f"Received: by mailsink; {now:%a, %d %b %Y %H:%M:%S} +0000\r\n").encode(
        "utf-8", "replace"
    )


async def serve(host: str, port: int, folder: Path) -> None:
    """Accept mails until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, enable_SMTPUTF8=True, ident="Kedja mail sink"), host, port
    )
    async with server:
        await stopped.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.host, arguments.port, arguments.dir))


if __name__ == "__main__":
    main()
