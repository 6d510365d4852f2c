"""The mail sink's folder as the run sees it: mails that came since it began, each read once."""

from __future__ import annotations

import re
from collections import Counter
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_LINK = re.compile(r"/respond#([0-9a-f-]{36})\.([\w-]+)")


class Mail(NamedTuple):
    """What the run needs to know of a mail; `link`: invitation id and code, if it is an invitation."""

    to: str
    message_id: str
    link: tuple[str, str] | None


class Mailbox:
    """Mails in `folder` beside those that lay there before: of other runs, or of other hands."""

    def __init__(self, folder: Path) -> None:
        """Remember what is old."""
        self._folder = folder
        self._old = {file.name for file in folder.glob("*.eml")}
        self._read: dict[str, Mail] = {}

    def mails(self) -> list[Mail]:
        """Return the new mails."""
        for file in self._folder.glob("*.eml"):
            if file.name not in self._old and file.name not in self._read:
                self._read[file.name] = _parse(file.read_bytes())
        return list(self._read.values())

    def invitations(self) -> dict[str, tuple[str, str]]:
        """Return address -> (invitation id, code)."""
        return {mail.to: mail.link for mail in self.mails() if mail.link}

    def copies(self) -> Counter[str]:
        """Return notice id -> mails: the Message-ID begins with the notice's id."""
        return Counter(mail.message_id for mail in self.mails())


def _parse(raw: bytes) -> Mail:
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))
    link = _LINK.search(body.get_content()) if body else None
    notice = str(mail["Message-ID"]).strip().removeprefix("<").partition("@")[0]
    return Mail(str(mail["Delivered-To"]), notice, (link[1], link[2]) if link else None)
