"""The last net: what looks like a secret does not get into a log line, whoever wrote it there.

Nothing is logged that could be one; this is for the text of an exception, a library's words, a mistake.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_MASK = "***"
# Names under which a value is a secret, whatever it looks like.
_KEYS = re.compile(
    r"(?:^|[_\-.])(?:authorization|cookie|token|(?<!status_)code|password|passwd|pwd|secret|bearer|private_?key|link_?key"
    r"|database_?url|amqp_?url|smtp_?url|idempotency[_\-]?key|email|phone)(?:$|[_\-.])",
    re.IGNORECASE,
)
# Every repetition has an end: a text that was made for it must not keep the process busy.
_SECRETS = [
    # a bearer token or basic credentials; a JWT anywhere
    (re.compile(r"\b(bearer|basic)\s{1,9}[A-Za-z0-9\-._~+/]+=*", re.IGNORECASE), rf"\1 {_MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]{12,}(?:\.[A-Za-z0-9_\-]*){0,2}"), _MASK),
    # the password of an address
    (
        re.compile(r"(\b[a-z][a-z0-9+.\-]{0,20}://[^\s:/@]{0,100}:)[^\s@]{1,200}@", re.IGNORECASE),
        rf"\1{_MASK}@",
    ),
    # name=value and "name": "value"
    (
        re.compile(
            r"((?:authorization|token|code|password|passwd|secret|(?:link|idempotency)[_\-]?key)"
            r"[\"']?\s{0,9}[=:]\s{0,9}[\"']?)[^\s\"'&,;}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{_MASK}",
    ),
    # a link's code or a session: 256 bits in base64url; ids have hyphens, hashes only hexadecimal digits
    (
        re.compile(
            r"(?<!\w)(?=[\w\-]{0,42}[A-Z])(?=[\w\-]{0,42}[a-z])(?=[\w\-]{0,42}\d)[\w\-]{43}(?![\w\-])",
            re.ASCII,
        ),
        _MASK,
    ),
    # a mail address
    (re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}"), _MASK),
]
# Nothing of the above without one of these in it: spares the patterns for what is logged all the time.
_SUSPECT = ("bearer", "basic", "eyj", "@", "token", "code", "passw", "secret", "key", "authori")
_CODE_LENGTH = 43
_LONGEST = 10_000


def masked(text: str) -> str:
    """Return a text without what looks like a secret in it."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    if len(text) < _CODE_LENGTH:
        lower = text.lower()
        if not any(word in lower for word in _SUSPECT):
            return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


_often_masked = lru_cache(maxsize=2048)(masked)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Mask the values of a log line: a processor for structlog, the last before it becomes JSON."""
    return {key: _value(key, value) for key, value in event.items()}


@lru_cache(maxsize=2048)
def _is_secret(key: str) -> bool:
    return bool(_KEYS.search(key))


def _value(key: str, value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        return {inner: _value(str(inner), below) for inner, below in value.items()}
    if isinstance(value, list | tuple):
        return [_value(key, below) for below in value]
    if _is_secret(key):
        return _MASK
    text = value if isinstance(value, str) else repr(value)
    return _often_masked(text) if len(text) < 100 else masked(text)
