"""Who hears of what, when a mail is tried again, and what may stand in one. Pure: standard library only."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Verdict = Literal["accepted", "temporary", "permanent"]

# The national office is one recipient: one name, one mailbox.
OFFICE = "national_office"

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
# An address that every mail server takes and every parser reads alike: ASCII, one @, only dots between atoms
# (RFC 5322, 3.4.1), nothing that begins an encoded word.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"(?!.*=\?)(?![^@]{{65}}){_ATOM}(\.{_ATOM})*@[\w-]+(\.[\w-]+)+")
# Refusals for good of us, not of what we hand over: bad sequence of commands, login or encryption wanted.
_ABOUT_US = frozenset({503, 530, 535, 538})


class Recipient(NamedTuple):
    """Whom a notice is for; `id` is a contact's or auditor's UUID, a county code, or OFFICE."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the matrix "who must hear what": kinds of recipients, and which of a supplier's contacts."""

    hears: tuple[str, ...]
    contact_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier that has arrived. contacts: (id, role) in its order; regions: category -> county codes."""

    contacts: tuple[tuple[str, str | None], ...]
    regions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event that somebody must hear of; `facts` is the event's data as JSON gives it back."""

    event_id: UUID
    kind: str
    supplier_id: UUID
    category_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mail:
    """A notice that a sender has claimed, with all that its text needs; attempt: the number that is next.

    names: the category's, by language; contracts: as table supplier keeps them; office and auditor are None
    until they have been written over the API.
    """

    notice_id: UUID
    attempt: int
    kind: str
    correlation_id: str
    facts: Mapping[str, Any]
    category_id: str
    names: Mapping[str, str]
    legal_name: str
    contracts: Sequence[Mapping[str, Any]]
    recipient_kind: str
    name: str | None
    email: str | None
    language: str
    office_name: str | None
    office_email: str | None
    auditor_name: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """How a try to hand over a mail ended: when, and what the server said (no code: it said nothing)."""

    outcome: Verdict
    at: datetime
    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A mail that was tried, how that ended, and when to try again if it has to be."""

    mail: Mail
    reply: Reply
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait before the next try: `first`, then `factor` times longer each time, to `longest`."""

    first: timedelta
    factor: int
    longest: timedelta


def is_worth_noticing(kind: str, facts: Mapping[str, Any]) -> bool:
    """Tell whether anybody must hear of it.

    Of a risk when its band changed, and never of a first score; of a cancelled audit when it had been
    confirmed: of one that was still provisional nobody was told.
    """
    if kind == "audit_cancelled":
        return not facts["provisional"]
    return kind != "risk_band_changed" or bool(facts["changed"] and facts["previous_band"] is not None)


def audience(occasion: Occasion, supplier: Supplier, rule: Rule) -> tuple[list[Recipient], bool]:
    """Return who hears of the occasion, sorted, and whether that is everybody.

    It is not everybody while a role has nobody that we know of: an event may overtake the contact, or the
    contract, that it is about.
    """
    told = [kind for kind in rule.hears if _may_hear(kind, occasion)]
    found = {kind: _FINDERS[kind](occasion, supplier, rule) for kind in told}
    people = sorted(Recipient(kind, name) for kind, names in found.items() for name in names)
    return people, all(found.values())


def _may_hear(kind: str, occasion: Occasion) -> bool:
    """An unannounced audit is kept from the supplier, and an audit may have no auditor yet."""
    if kind == "supplier_contact":
        return occasion.facts.get("announced") is not False
    return kind != "auditor" or occasion.facts["auditor_id"] is not None


def _contact(occasion: Occasion, supplier: Supplier, rule: Rule) -> Sequence[str]:
    """The contact that the event names; else the one whose role comes first, else the first of all."""
    named = occasion.facts.get("contact_id")
    if named is not None:
        return [contact_id for contact_id, _ in supplier.contacts if contact_id == named]
    order = {role: place for place, role in enumerate(rule.contact_roles)}
    ranked = sorted(supplier.contacts, key=lambda contact: order.get(contact[1] or "", len(order)))
    return [contact_id for contact_id, _ in ranked[:1]]


_FINDERS: dict[str, Callable[[Occasion, Supplier, Rule], Sequence[str]]] = {
    "supplier_contact": _contact,
    "region": lambda occasion, supplier, _: supplier.regions.get(occasion.category_id, ()),
    "national_office": lambda *_: (OFFICE,),
    "auditor": lambda occasion, *_: (occasion.facts["auditor_id"],),
}


def fault_of_recipient(kind: str, recipient_id: str) -> str | None:
    """Return what is wrong with a recipient's id, in words for the caller; None if nothing is."""
    if kind == "region" and not re.fullmatch(r"[0-9]{2}", recipient_id):
        return "A region is named by its county code, two digits."
    if kind == "national_office" and recipient_id != OFFICE:
        return f"The national office is one recipient: its id is {OFFICE!r}."
    if kind == "auditor" and not _is_uuid(recipient_id):
        return "An auditor is named by a UUID."
    return None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def verdict(code: int | None) -> Verdict:
    """Return what an SMTP reply to a mail means: 2xx accepted, 5xx refused for good.

    Silence, all else, and what is refused because of us and not of the mail may pass.
    """
    if code is None or code in _ABOUT_US:
        return "temporary"
    if 200 <= code < 300:
        return "accepted"
    return "permanent" if 500 <= code < 600 else "temporary"


def next_try(attempt: int, now: datetime, pace: Pace) -> datetime:
    """Return when to try again after attempt number `attempt` (from 1) failed for the moment."""
    times: int = pace.factor ** min(attempt - 1, 30)  # 30 is far beyond the longest wait
    return now + min(pace.first * times, pace.longest)


def usable_address(text: str | None) -> str | None:
    """Return the address, trimmed, if mail can be sent to it."""
    trimmed = (text or "").strip()
    fits = len(trimmed) <= 254 and trimmed.isascii() and trimmed.isprintable() and _ADDRESS.fullmatch(trimmed)
    return trimmed if fits else None


def one_line(text: str) -> str:
    """Return the text on one line without control characters: what may stand in a header."""
    printable = text if text.isprintable() else "".join(map(_printable, text))
    return " ".join(printable.split())


def _printable(char: str) -> str:
    return " " if unicodedata.category(char).startswith(("C", "Z")) else char


def language_of(text: str | None) -> str:
    """Return the language to write in: Swedish where it is asked for, else English."""
    return "sv" if text == "sv" else "en"


def local_day(moment: str) -> date:
    """Return the day in Stockholm of an ISO date or an ISO time with offset; raise ValueError for others."""
    if len(moment) == len("2026-11-21"):
        return date.fromisoformat(moment)
    time = datetime.fromisoformat(moment)
    if time.tzinfo is None:
        raise ValueError("a time without an offset is on no certain day")
    try:
        return time.astimezone(_STOCKHOLM).date()
    except OverflowError:
        raise ValueError("in Stockholm, that time lies outside all years") from None
