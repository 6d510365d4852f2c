"""Writing a mail: a template's text in the recipient's language, under headers that cannot be forged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache, partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from chassis import links
from services.notifications import headers
from services.notifications.domain import Mail, local_day, one_line
from services.notifications.rules import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from jinja2 import Environment

_WIDTH = 78
# RFC 5322, 2.1.1, in octets
_LONGEST_LINE = 998
# Our header source goes out as it is: the email package would decode it and encode it differently.
_POLICY = SMTP.clone(refold_source="none")
_EIGHT_BITS = (
    ("Content-Type", 'text/plain; charset="utf-8"'),
    ("Content-Transfer-Encoding", "8bit"),
    ("MIME-Version", "1.0"),
)
# Lines that are the same in many mails: those of one kind and language share most of theirs
_REMEMBERED = 512
# What the lines after the first of a paragraph stand under: the text of "1. text" and of "Label:  text".
_HANGING = re.compile(r"\d+\. | +|\S[^:]{0,20}:  +")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that has been written: for the envelope, headers as source, and its text (lines end in LF)."""

    sender: str
    recipient: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def as_bytes(self, *, eight_bits: bool) -> bytes:
        """Return what goes to the server; without `eight_bits`: ASCII. Raises ValueError if it cannot.

        Eight bits are what the email package makes of it, octet for octet (tests compare), in a small part of
        the time; whatever has to be encoded is left to the package itself.
        """
        body = self.body.encode()
        if not (eight_bits and _fits(body)):
            message = self.message()
            return message.as_bytes(policy=message.policy.clone(cte_type="8bit" if eight_bits else "7bit"))
        *first, last = self.headers
        head = "".join(f"{name}: {source}\r\n" for name, source in (*first, *_EIGHT_BITS, last))
        return head.encode("ascii") + b"\r\n" + body.replace(b"\n", b"\r\n")

    def message(self) -> EmailMessage:
        """Return the same as the email package has it."""
        message = EmailMessage(policy=_POLICY)
        *first, last = self.headers
        for name, source in first:
            message.set_raw(name, source)
        message.set_content(self.body, cte="8bit" if _fits(self.body.encode()) else "quoted-printable")
        message.set_raw(*last)
        return message


def _fits(body: bytes) -> bool:
    return all(len(line) <= _LONGEST_LINE for line in body.split(b"\n"))


def write(mail: Mail, settings: Mapping[str, Any], now: datetime) -> Letter:
    """Return the mail. Its Message-ID comes from the notice, so that a second copy can be recognised.

    Raises ValueError where the recipient has no address (any more), and jinja2.TemplateError where a text
    needs a fact that the event did not bring.
    """
    if mail.email is None:
        raise ValueError("the recipient has no address")
    subject, body = text(mail, settings)
    sender = _sender(settings["MAIL_FROM"])
    source = [
        ("From", headers.mailbox("From", sender.display_name, sender.addr_spec)),
        ("To", headers.mailbox("To", mail.name or "", mail.email)),
    ]
    if mail.office_email:
        source.append(("Reply-To", headers.mailbox("Reply-To", mail.office_name or "", mail.office_email)))
    source += [
        ("Subject", headers.text("Subject", subject)),
        ("Date", _date(now.replace(microsecond=0))),
        ("Message-ID", f"<{mail.notice_id}@{sender.domain}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Correlation-ID", headers.text("X-Correlation-ID", mail.correlation_id)),
        ("Content-Language", mail.language),
    ]
    return Letter(sender.addr_spec, mail.email, tuple(source), body)


def text(mail: Mail, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return (subject, body): a template's first line, and what follows its blank line."""
    template = _environment(mail.language).get_template(f"{mail.kind}.{mail.language}.txt")
    subject, _, body = template.render(_view(mail, settings)).partition("\n")
    return subject, "\n".join(map(_wrapped, body.strip("\n").splitlines())) + "\n"


@lru_cache(_REMEMBERED)
def _wrapped(line: str) -> str:
    """Wrap a paragraph or list item as people do in plain text; a link stays whole."""
    if " " not in line.strip():
        return line
    if len(line) <= _WIDTH and line.isprintable():
        return line.rstrip()
    hanging = _HANGING.match(line)
    return fill(
        line,
        _WIDTH,
        subsequent_indent=" " * len(hanging[0]) if hanging else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _view(mail: Mail, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what templates may name; texts from others are one line each: none can pose as a paragraph."""
    words = WORDS[mail.language]
    supplier, office = one_line(mail.legal_name), one_line(mail.office_name or words["office"])
    concerned = [contract for contract in mail.contracts if contract["category_id"] == mail.category_id]
    codes = sorted({code for contract in concerned for code in contract["regions"]})
    return {
        "to": mail.recipient_kind,
        "name": one_line(mail.name or "") or supplier,
        "supplier": supplier,
        "category": one_line(mail.names.get(mail.language) or mail.category_id),
        "regions": [WORDS["regions"].get(code, code) for code in codes],
        "clauses": sorted({_clause(contract, words) for contract in concerned if contract["clause_level"]}),
        "facts": mail.facts,
        "auditor": mail.auditor_name and one_line(mail.auditor_name),
        "ask": {"name": office, "email": mail.office_email or _sender(settings["MAIL_FROM"]).addr_spec},
        "signature": "Kedja" if mail.recipient_kind == "national_office" else office[:1].upper() + office[1:],
        "link": _link(mail, settings),
    }


def _clause(contract: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    level = words["clause"].get(contract["clause_level"], contract["clause_level"])
    version = contract["clause_version"]
    return one_line(words["clause_version"].format(level=level, version=version) if version else level)


def _link(mail: Mail, settings: Mapping[str, Any]) -> str | None:
    """Return the respondent's link; its code is made here and kept nowhere."""
    if mail.kind != "assessment_invited":
        return None
    invitation, generation = mail.facts["invitation_id"], mail.facts["generation"]
    code = links.code(settings["LINK_KEY"], invitation, generation)
    return f"{settings['RESPONDENT_URL'].rstrip('/')}/api/v1/assessments/respond#{invitation}.{code}"


@lru_cache(1)
def _date(second: datetime) -> str:
    """Return the source of Date; hundreds of mails are written within a second."""
    return format_datetime(second)


@cache
def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    return Address(name, addr_spec=address)


@cache
def _environment(language: str) -> Environment:
    """Return the templates' environment of a language: plain text, and a missing fact is a fault."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  2 MB, with the first mail

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  plain text
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    words = WORDS[language]
    environment.filters.update(
        day=partial(_day, words),
        number=partial(_number, words),
        listed=partial(_listed, words),
        because=partial(_because, words),
        one_line=one_line,
        word=lambda code, kind: words[kind][code],
        words=lambda codes, kind: [words[kind][code] for code in codes],
    )
    return environment


def _day(words: Mapping[str, Any], moment: str) -> str:
    day = local_day(moment)
    return f"{day.day} {words['months'][day.month - 1]} {day.year}"


def _number(words: Mapping[str, Any], value: Decimal | float | str) -> str:
    return f"{Decimal(value):.1f}".replace(".", words["decimal"])


def _because(words: Mapping[str, Any], rule: str) -> str:
    """Say why there is an audit. rule: the policy's version/row, and "+recommendation" where that decided."""
    row, _, decided = rule.rpartition("/")[2].partition("+")
    because: str = words["rule"].get(decided or row, words["rule"]["other"])
    return because


def _listed(words: Mapping[str, Any], items: Sequence[str]) -> str:
    """Join as people do: "a", "a and b", "a, b and c"."""
    lines = [one_line(item) for item in items]
    return f" {words['and']} ".join([*([", ".join(lines[:-1])] if lines[1:] else []), *lines[-1:]])
