"""Header source for what others wrote: a value, in which no receiver can read a command to its parser.

The email package reads what it is given as header source: a name like `=?utf-8?q?=0D=0ABcc:…?=` becomes a
line of its own. Here every text that is not plain goes out as encoded words (RFC 2047) of just this text.
"""

from __future__ import annotations

import string
from email.header import Header
from functools import lru_cache

from services.notifications.domain import one_line, usable_address

_CRLF = "\r\n"
# A longer word could not be folded; a name and its address that are longer together get a line each.
_LONGEST_WORD, _LONGEST_MAILBOX = 60, 70
# A header that is shorter needs no folding, so that plain text is its own source
_SHORT = 70
# Senders, subjects and names that are the same in many mails
_REMEMBERED = 512
_PLAIN_IN_A_NAME = frozenset(string.ascii_letters + string.digits + "!*+-/ ")
_PLAIN_IN_TEXT = frozenset(string.printable) - frozenset("\t\n\r\x0b\x0c")


def text(header: str, value: str) -> str:
    """Return the source of an unstructured header, such as Subject."""
    return _source(header, one_line(value), _PLAIN_IN_TEXT)


def mailbox(header: str, name: str, address: str) -> str:
    """Return the source of a header with one address; raise ValueError if it may be read as another."""
    if usable_address(address) != address:
        raise ValueError("this address could be read as another, or as none")
    if not (name := one_line(name)):
        return f"<{address}>"
    source = _source(header, name, _PLAIN_IN_A_NAME)
    fits = len(source) + len(address) <= _LONGEST_MAILBOX
    return f"{source}{' ' if fits else _CRLF + ' '}<{address}>"


@lru_cache(_REMEMBERED)
def _source(header: str, line: str, plain: frozenset[str]) -> str:
    foldable = all(len(word) <= _LONGEST_WORD for word in line.split())
    is_plain = foldable and plain.issuperset(line) and "=?" not in line
    if is_plain and len(header) + len(line) < _SHORT:
        return line
    return Header(line, "us-ascii" if is_plain else "utf-8", header_name=header).encode(linesep=_CRLF)
