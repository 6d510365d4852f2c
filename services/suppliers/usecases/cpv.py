"""The Common Procurement Vocabulary: it proposes a category, and decides none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.errors import found
from services.suppliers import domain, reference, repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction
    from services.suppliers.reference import Cpv


_DIGITS = frozenset("0123456789")


def get_cpv(tx: Transaction, code: str) -> dict[str, Any]:
    """Return a code with what is above and below it, and the categories that it proposes.

    A check digit behind a hyphen is taken as it is: nothing here depends on it.
    """
    vocabulary = reference.cpv()
    bare, hyphen, digit = code.partition("-")
    known = vocabulary.get(bare) if not hyphen or (len(digit) == 1 and digit in _DIGITS) else None
    each = found(known, "code of the vocabulary (CPV 2008)")
    children = [below for below in vocabulary.values() if below.parent == each.code]
    return {
        **_shown(each),
        "parents": [_shown(above) for above in _above(each)],
        "children": [_shown(below) for below in children],
        "proposed": propose(tx, each.code),
    }


def _above(each: Cpv) -> list[Cpv]:
    """Return the codes above one, outermost first."""
    above: list[Cpv] = []
    parent = each.parent
    while parent is not None:
        above.insert(0, reference.cpv()[parent])
        parent = above[0].parent
    return above


def propose(tx: Transaction, code: str) -> list[dict[str, Any]]:
    """Return the categories with the longest prefix of a code: all, where several have one as long."""
    known = repository.categories.prefixes(tx)
    prefixes = {category_id: row.cpv_prefixes for category_id, row in known.items()}
    return [
        {"category_id": category_id, "names": known[category_id].names, "prefix": prefix}
        for category_id, prefix in domain.proposed(code, prefixes)
    ]


def find_cpv(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the codes that a text finds in either language, best first, and how many; else the divisions."""
    vocabulary = reference.cpv().values()
    text = asked["text"]
    matching = domain.search(text, vocabulary) if text else [each for each in vocabulary if not each.parent]
    return {"found": len(matching), "items": [_shown(each) for each in matching[: asked["limit"]]]}


def _shown(each: Cpv) -> dict[str, Any]:
    return {"code": each.code, "labels": {"sv": each.sv, "en": each.en}}
