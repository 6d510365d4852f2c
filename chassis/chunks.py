"""The lines of a chunked body, which tell sizes: what two servers could read as two sizes is none."""

from __future__ import annotations

import re
from typing import Any

_MOST_BYTES = 8192
# A size, or the end of a chunk's data; what has a colon may be a trailer.
_SIZE = re.compile(rb"[0-9A-Fa-f]{0,15}[ \t]*(;[^\r\n]*)?\r\n")


class Lines:
    """What eventlet reads a chunked body from: its lines have an end, and no other than CR LF."""

    def __init__(self, rfile: Any) -> None:
        """Read from a connection's file."""
        self.read, self._readline = rfile.read, rfile.readline

    def readline(self, size: int = _MOST_BYTES) -> bytes:
        """Return a line; raises ValueError for a size that another server may read otherwise."""
        line: bytes = self._readline(size)
        if line and not (line.endswith(b"\r\n") and (b":" in line or _SIZE.match(line))):
            raise ValueError("no chunk's size")
        return line
