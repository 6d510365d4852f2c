"""Which bytes mean which characters: found out from the whole file, or refused."""

from __future__ import annotations

import codecs
import re
from typing import IO

from chassis.tables.faults import TableError

_PIECE = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDECODED = re.compile("[\udc80-\udcff]")
_LETTERS = re.compile("[\udcc0-\udcff]")  # bytes that are letters in Windows-1252: À to ÿ
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


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
    valid = wrong = letters = row = first = 0
    while piece := file.read(_PIECE):
        text = decoder.decode(piece)
        bad = [] if text.isascii() else _UNDECODED.findall(text)
        if bad and not first:
            found = _UNDECODED.search(text)
            first = row + text.count("\n", 0, found.start() if found else 0) + 1
        if not text.isascii():
            valid += len(_BEYOND_ASCII.findall(text)) - len(bad)
            letters += len(_LETTERS.findall(text))
        wrong += len(bad)
        row += text.count("\n")
    if not wrong:
        return "utf-8"
    if valid * 10 <= wrong and letters * 10 >= wrong * 8:
        return "cp1252"
    raise TableError("has bytes that are no text in UTF-8 or Windows-1252. Save the file as UTF-8.", first)
