"""The headers that every answer carries, so that a browser does nothing with it that nobody meant."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    # An answer that is no page runs nothing, loads nothing and stands in no frame.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_DEFAULTS = [(name.lower(), (name, value)) for name, value in ALWAYS.items()]
_PAGE = (
    "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_INLINE = {"script": re.compile(r"<script>(.*?)</script>", re.DOTALL)}
_INLINE["style"] = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_ATTRIBUTE = re.compile(r'\sstyle="([^"]*)"')


def shielded(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return an answer's headers with those that it lacks; what it says itself, it has meant."""
    said = {name.lower() for name, _ in headers}
    return [*headers, *(header for key, header in _DEFAULTS if key not in said)]


@lru_cache(maxsize=16)
def policy(page: str) -> str:
    """Return the Content-Security-Policy under which exactly this page's own scripts and styles run."""
    scripts = _hashes(_INLINE["script"].findall(page))
    styles = _hashes([*_INLINE["style"].findall(page), *_ATTRIBUTE.findall(page)])
    by_attribute = " 'unsafe-hashes'" if _ATTRIBUTE.search(page) else ""
    return f"{_PAGE}; script-src {scripts}; style-src{by_attribute} {styles}"


def _hashes(texts: list[str]) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"
