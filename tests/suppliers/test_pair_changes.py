"""What becomes of pairs of suppliers that may be one is in the changes, each time once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.suppliers import schemas, usecases
from tests.callers import OFFICE, WHATEVER
from tests.suppliers.bodies import NOW, SUPPLIER, loaded
from tests.suppliers.merges import WHY, made, merge, noted, pairs_of
from tests.suppliers.test_duplicates import FIRM, compare

if TYPE_CHECKING:
    from chassis.db import Transaction

OTHER = {"identifiers": {"vat": "SE556543616801"}}


def test_what_becomes_of_a_pair_is_in_the_changes_once_each_time(tx: Transaction) -> None:
    first = made(tx, "Exempel Ett AB", **FIRM)
    second = made(tx, "Ett annat namn AB", **OTHER)
    pair = pairs_of(tx, first)[second].duplicate_id
    assert noted(tx, pair) == ["created"]
    usecases.duplicates.find(tx, [first, second], NOW)
    assert noted(tx, pair) == ["created"]
    body = {name: SUPPLIER[name] for name in ("country", "language")} | {"contacts": []}
    change = loaded(
        schemas.SupplierChange,
        body | {"legal_name": "Exempel Ett Aktiebolag", "identifiers": OTHER["identifiers"]},
    )
    usecases.registry.change_supplier(tx, second, change, WHATEVER, OFFICE)
    assert noted(tx, pair) == ["created", "changed"]  # now by its name, too
    usecases.duplicates.reject_duplicate(tx, pair, WHY, OFFICE, NOW)
    usecases.duplicates.find(tx, [first, second], NOW)
    assert noted(tx, pair) == ["created", "changed", "changed"]


def test_a_pair_that_is_found_afterwards_is_in_the_changes(tx: Transaction) -> None:
    first, second = made(tx, "Exempelmedicin Nord AB"), made(tx, "Exempelmedicin Nordd AB")
    compare(tx)
    pair = pairs_of(tx, first)[second].duplicate_id
    assert noted(tx, pair) == ["created"]


def test_the_changes_say_what_a_merge_does_to_pairs(tx: Transaction) -> None:
    survivor, absorbed = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin")
    third = made(tx, "Exempelmedicin Aktiebolag")
    [own, doubled] = (pairs_of(tx, each)[third].duplicate_id for each in (survivor, absorbed))
    decided = pairs_of(tx, survivor)[absorbed].duplicate_id
    alone = made(tx, "Annat namn AB", identifiers={"vat": "SE556543616801"})
    other = made(tx, "Helt annat AB", identifiers={"orgnr": "5565436168"})
    moved = pairs_of(tx, alone)[other].duplicate_id
    merge(tx, survivor, absorbed, alone)
    kinds = {each: noted(tx, each)[1:] for each in (own, doubled, decided, moved)}
    assert kinds == {own: [], doubled: ["deleted"], decided: ["changed"], moved: ["changed"]}
