"""One cell: what a value looks like in a table, and how a text is kept from being run as a formula.

A spreadsheet runs a cell that begins with =, +, -, @ (also in full width), a tab or a line end. Such a text
gets an apostrophe before it (OWASP, "CSV injection"), and so does one inside a cell that a spreadsheet which
separates by ; or tab instead of our comma would take for a cell's beginning. Reading takes exactly these
away again: a text that has apostrophes of its own before a formula gets one more.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

import orjson

from chassis import sql

LONGEST_CELL = 100_000  # characters
_FORMULA = r"""['"\s]*[=+\-@＝＋－＠]"""
_SUSPECT = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BEGIN = rf"(?={_FORMULA}|'*[\t\r\n])"
_INNER = rf"(?={_FORMULA})"
_GUARD = re.compile(rf"\A{_BEGIN}|(?<=[;\t\r\n]){_INNER}")
_GUARDED = re.compile(rf"\A'{_BEGIN}|(?<=[;\t\r\n])'{_INNER}")
_OWN_APOSTROPHE = re.compile(rf"\A(?='){_BEGIN}")
_GUARDED_BEGIN = re.compile(rf"\A'{_BEGIN}")
# What XML, and with it a workbook, cannot hold
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet runs; a plain negative number stays one."""
    if not _SUSPECT.search(text) or _NUMBER.fullmatch(text):
        return text
    return _GUARD.sub("'", text)


def unguarded(text: str) -> str:
    """Return what `guarded` was given."""
    return _GUARDED.sub("", text) if "'" in text else text


def typed(text: str) -> str:
    """Return a text for a workbook's cell, whose type already keeps it from being run."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _OWN_APOSTROPHE.sub("'", text))


def untyped(text: str) -> str:
    """Return what `typed` was given; a CSV file of ours that was saved as a workbook is understood, too."""
    return _GUARDED_BEGIN.sub("", text) if text.startswith("'") else text


def plain(value: object) -> object:
    """Return a value as a cell holds it: a text, a number or a boolean; None is empty, the rest is JSON."""
    if value is None or isinstance(value, str | bool | int | float | Decimal):
        return "" if value is None else value
    if isinstance(value, list | dict | tuple | set | frozenset):
        return orjson.dumps(value, default=sql.plain).decode()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def text_of(value: object) -> str:
    """Return a workbook's value as the text that a person would have typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # a number of an organisation is a number to a spreadsheet, and a whole one: 5565436168.0
        return format(Decimal(repr(value)).normalize(), "f")
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
