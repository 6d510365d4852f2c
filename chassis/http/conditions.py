"""Conditional requests (RFC 9110, section 13): who changes something says which version they have seen.

A strong ETag is `"<version>-<view>"`: the version of the editable part, and the view in which it was shown.
Writes compare the version only. What a compressing proxy makes of a tag is taken for the tag: the weak form,
and a suffix inside the quotes (Apache's `-gzip` and `-br`, `;gzip` of others).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from chassis.errors import Malformed, PreconditionFailed, PreconditionRequired

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

_LIST = re.compile(r'\s*(?:(?:W/)?"[^"]*"\s*(?:,\s*|\Z))+')
_TAG = re.compile(r'"([^"]*)"')
_OURS = re.compile(r"([0-9]{1,18})-[a-z_]+")
_PACKED = re.compile(r"(?:--?|;)(?:gzip|br|deflate|zstd)\Z")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a writer takes for granted: one of `versions`, that it is there at all, or that it is not."""

    versions: frozenset[int] = frozenset()
    present: bool = False
    absent: bool = False

    def check(self, version: int | None) -> None:
        """Raise PreconditionFailed unless the present version (None: there is none) is as expected."""
        holds = self.absent if version is None else self.present or version in self.versions
        if not holds:
            raise PreconditionFailed


def expectation(headers: Headers, creates: bool) -> Expectation:
    """Read If-Match and If-None-Match of a write; raises PreconditionRequired if there is neither.

    Raises Malformed for a condition that nothing could ever fulfil: `creates` tells whether the write may
    make what is not there.
    """
    match, none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if match is None and none_match is None:
        raise PreconditionRequired("" if creates else "Send If-Match with the ETag that you have read.")
    if none_match is not None and not creates:
        raise Malformed("Nothing is made here: a change says If-Match, not If-None-Match.")
    if none_match is not None and none_match.strip() != "*":
        raise Malformed("If-None-Match of a write can only be *: nothing may be there yet.")
    if match is not None and none_match is not None:
        raise Malformed("If-Match and If-None-Match contradict each other.")
    if match is None:
        return Expectation(absent=True)
    return _matching(match)


def _matching(header: str) -> Expectation:
    if header.strip() == "*":
        return Expectation(present=True)
    if not _LIST.fullmatch(header):
        raise Malformed('If-Match must be an ETag of ours, such as "3-internal", or *.')
    ours = (_OURS.fullmatch(tag) for tag in _tags(header))
    return Expectation(frozenset(int(found[1]) for found in ours if found))


def strong(version: int, view: str) -> str:
    """Return the ETag of a version in a view."""
    return f'"{version}-{view}"'


def weak(body: bytes) -> str:
    """Return the ETag of what is shown, for what has no version."""
    return f'W/"{sha256(body).hexdigest()[:32]}"'


def is_known(headers: Headers, etag: str) -> bool:
    """Tell whether a reader has this already: If-None-Match, compared weakly."""
    header = headers.get("If-None-Match")
    if header is None:
        return False
    return header.strip() == "*" or etag.removeprefix("W/")[1:-1] in _tags(header)


def _tags(header: str) -> list[str]:
    """Return the tags in a header as we have given them."""
    return [_PACKED.sub("", tag) for tag in _TAG.findall(header)]
