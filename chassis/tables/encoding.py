"""Which bytes mean which characters: said by the sender, or found out from the whole file, or refused."""

from __future__ import annotations

import codecs
import re
from typing import IO

from chassis.tables.faults import TableError

# What a sender may name, and what Python calls it. As in browsers, Latin-1 is taken for Windows-1252, which
# has the same letters.
CHARSETS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "iso8859-15",
    "ibm850": "cp850",
    "macintosh": "mac-roman",
}
_PIECE = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDECODED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# What speaks against Windows-1252: bytes that mean nothing there; control characters; and where it has signs
# that begin or end a word, the letters of older encodings (in code page 850 `ä` is its „, `ö` its ”).
_NOT_WINDOWS = re.compile(
    "[\udc81\udc8d\udc8f\udc90\udc9d]|[\x00-\x08\x0e-\x1f\x7f]"
    "|(?<=[A-Za-z\udcc0-\udcff])[\udc82\udc84\udc86\udc87]|[\udc86\udc87\udc94](?=[A-Za-z\udcc0-\udcff])"
)


def named(charset: str) -> str | None:
    """Return Python's name of an encoding that a Content-Type names, None if it is none of ours."""
    try:
        asked = codecs.lookup(charset).name
    except LookupError:
        return None
    if asked == "ascii":
        return "utf-8"
    return next((ours for told, ours in CHARSETS.items() if codecs.lookup(told).name == asked), None)


def detect(file: IO[bytes]) -> str:
    """Return the name of the encoding of a text file; raises TableError, with a row, if it is none of ours.

    UTF-8 and UTF-16 (with or without a byte order mark) and Windows-1252.
    """
    file.seek(0)
    head = file.read(4096)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    zeros = [head[0::2].count(0), head[1::2].count(0)]
    if max(zeros) > len(head) // 4:  # text in Latin letters: every other byte is zero
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return _utf8_or_windows(file)


def _utf8_or_windows(file: IO[bytes]) -> str:
    """Tell the two apart; a file that is UTF-8 for the greater part is damaged, and not Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    file.seek(0)
    valid = wrong = row = first = 0
    windows = True
    while piece := file.read(_PIECE):
        text = decoder.decode(piece)
        bad = 0 if text.isascii() else len(_UNDECODED.findall(text))
        if bad and not first:
            found = _UNDECODED.search(text)
            first = row + text.count("\n", 0, found.start() if found else 0) + 1
        if not text.isascii():
            valid += len(_BEYOND_ASCII.findall(text)) - bad
        windows = windows and not _NOT_WINDOWS.search(text)
        wrong += bad
        row += text.count("\n")
    if not wrong:
        return "utf-8"
    if windows and valid * 10 <= wrong:
        return "cp1252"
    raise TableError("has bytes that are no text in UTF-8 or Windows-1252. Save the file as UTF-8.", first)
