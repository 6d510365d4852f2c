"""What of a supplier's name tells it from others: the key by which two spellings of one name meet."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"[^\W_]+")
# Legal forms, without diacritics and dots; those of several words as they stand in a name.
_FORMS = frozenset(
    _WORDS.findall("""
        ab aktiebolag aktiebolaget aktiebolagets publ hb handelsbolag handelsbolaget kb kommanditbolag
        kommanditbolaget ef ekonomisk forening ek for enskild firma eb filial
        as asa aps ivs ans da ks sa nuf aktieselskab anpartsselskab aksjeselskap interessentskab is ps
        fmba amba oy oyj abp ky osakeyhtio ry osk ehf hf ou sia uab aktsiaselts
        gmbh mbh ag kg kgaa ohg gbr ug ev eg se sce
        ltd limited llc llp lp plc inc incorporated corp corporation co company pty pte pvt
        sas sarl sasu snc sci eurl bv nv vof cv bvba sprl srl spa sapa sl slu sau lda
        spk spj spzoo zoo sro kft zrt nyrt doo dd ad ead eood ood oao ooo kk gk sdn bhd
    """)
)
# Those that may also stand first: AB Exempel, Oy Exempel Ab
_FIRST = frozenset(
    _WORDS.findall("""
        ab aktiebolag aktiebolaget hb handelsbolag handelsbolaget kb kommanditbolag kommanditbolaget
        oy firma pt
    """)
)
_TOGETHER = (("sp", "z", "oo"), ("sp", "zoo"), ("sp", "z", "o", "o"), ("s", "r", "o"), ("d", "o", "o"))
_JOINING = frozenset(["och", "and", "und", "og", "et", "ja", "y"])
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "œ": "oe", "ı": "i"})
# The dot or stroke between two letters that stand alone: A/S, S.p.A., o.o.
_INITIALS = re.compile(r"(?<!\w)(\w)[./](?=\w(?!\w))")
_APOSTROPHES = re.compile(r"['’`´]")
_NUMBERS = re.compile(r"\d+")


def name_key(legal_name: str) -> str:
    """Return a name without case, diacritics, punctuation, legal form and words that only join.

    Names that consist of nothing else keep what they have: a key is never empty for a name that is not.
    """
    words = _words(legal_name)
    kept = [word for word in _without_forms(words) if word not in _JOINING]
    return " ".join(kept or words) or legal_name.strip().casefold()


def numbers_of(key: str) -> tuple[str, ...]:
    """Return the numbers in a key, in order: names that differ in them are of different firms."""
    return tuple(_NUMBERS.findall(key))


def _words(text: str) -> list[str]:
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(each for each in apart if not unicodedata.combining(each)).translate(_LETTERS)
    return _WORDS.findall(_INITIALS.sub(r"\1", _APOSTROPHES.sub("", plain)))


def _without_forms(words: list[str]) -> list[str]:
    start, end = 0, len(words)
    while (length := _form_before(words[start:end])) and length < end - start:
        end -= length
    while end - start > 1 and words[start] in _FIRST:
        start += 1
    return words[start:end]


def _form_before(words: list[str]) -> int:
    """Return of how many words the legal form at the end is; 0: there is none."""
    for form in _TOGETHER:
        if tuple(words[-len(form) :]) == form:
            return len(form)
    return 1 if words and words[-1] in _FORMS else 0
