"""Candidates: found at entry and afterwards, decided once."""

from __future__ import annotations

import csv
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stdnum.be import vat as be_vat
from stdnum.dk import cvr
from stdnum.fi import alv
from stdnum.no import orgnr

from chassis import sql, tables, uploads
from chassis.errors import Conflict, Invalid
from chassis.http import Call
from chassis.ids import uuid7
from chassis.imports import cancel, start
from services.suppliers import likeness, schemas, usecases
from tests.callers import OFFICE, WHATEVER
from tests.suppliers.bodies import NOW, loaded
from tests.suppliers.merges import WHY, ask, made, pairs, pairs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.db import Transaction
    from tests.suppliers.files import Imports

DATA = Path(__file__).parents[2] / "data"


def compare(tx: Transaction) -> None:
    """Compare all names, in this transaction."""
    while usecases.duplicates.compare_names(lambda: nullcontext(tx)):
        pass


FIRM = {"identifiers": {"orgnr": "5565436168"}}
OTHERS = [
    {"identifiers": {"vat": "SE556543616801"}},
    {"own_numbers": [{"region": "14", "number": "556543-6168"}]},
]


@pytest.mark.parametrize("other", OTHERS)
def test_numbers_of_several_schemes_that_mean_one_firm_meet_at_entry(
    tx: Transaction, other: dict[str, Any]
) -> None:
    first = made(tx, "Exempel Ett AB", **FIRM)
    second = made(tx, "Ett annat namn AB", **other)
    assert [(row.reasons, row.state) for row in pairs_of(tx, second).values()] == [(["identifier"], "open")]
    assert set(pairs_of(tx, first)) == {second}


def first_valid(module: Any, start: int, digits: int) -> str:
    """A number with the right check digit that nobody is known to have."""
    return next(text for number in count(start) if module.is_valid(text := f"{number:0{digits}}"))


DK, NO = first_valid(cvr, 99_000_000, 8), first_valid(orgnr, 999_000_000, 9)
BE, FI = first_valid(be_vat, 1_999_000_000, 10), first_valid(alv, 99_000_000, 8)


@pytest.mark.parametrize(
    ("country", "registered", "others"),
    [
        ("DK", f"DK:{DK}", [{"vat": f"DK{DK}"}, {"peppol": f"0184:DK{DK}"}]),
        ("NO", f"NO:{NO}", [{"peppol": f"0192:{NO}"}]),
        ("BE", f"BE:{BE}", [{"vat": f"BE{BE}"}, {"peppol": f"0208:{BE}"}, {"peppol": f"9925:BE{BE}"}]),
        ("FI", f"FI:{FI}", [{"vat": f"FI{FI}"}, {"peppol": f"0213:FI{FI}"}]),
    ],
)
def test_a_registration_abroad_meets_other_numbers_of_the_same_firm(
    tx: Transaction, country: str, registered: str, others: list[dict[str, str]]
) -> None:
    first = made(tx, "Exempel Ett", country=country, identifiers={"foreign": registered})
    second = {made(tx, f"Annat namn {n}", country=country, identifiers=each) for n, each in enumerate(others)}
    found = pairs_of(tx, first)
    assert set(found) == second
    assert {tuple(row.reasons) for row in found.values()} == {("identifier",)}


def test_numbers_of_regions_that_are_no_organisation_numbers_say_nothing_of_each_other(
    tx: Transaction,
) -> None:
    made(tx, "Exempel Ett AB", own_numbers=[{"region": "01", "number": "100117"}])
    other = made(tx, "Exempel Två AB", own_numbers=[{"region": "14", "number": "100117"}])
    assert pairs_of(tx, other) == {}


def test_equal_names_in_one_country_meet_at_entry_and_nowhere_else(tx: Transaction) -> None:
    first = made(tx, "Exempelmedicin AB")
    abroad = made(tx, "Exempelmedicin", country="NO")
    second = made(tx, "EXEMPELMEDICIN Aktiebolag (publ)")
    assert set(pairs_of(tx, second)) == {first}
    assert pairs_of(tx, abroad) == {}


def test_a_new_name_finds_what_has_it(tx: Transaction) -> None:
    first, second = made(tx, "Exempelmedicin AB"), made(tx, "Helt annat AB")
    change = {"legal_name": "Exempelmedicin Aktiebolag", "country": "SE", "language": "sv"}
    body = loaded(schemas.SupplierChange, {**change, "identifiers": {}, "contacts": []})
    usecases.registry.change_supplier(tx, second, body, WHATEVER, OFFICE)
    assert set(pairs_of(tx, first)) == {second}


def test_a_refusal_says_who_has_the_number_and_not_the_number(tx: Transaction) -> None:
    first = made(tx, "Exempel Ett AB", **FIRM)
    with pytest.raises(Conflict, match=f"orgnr: Exempel Ett AB .{first}.") as refused:
        made(tx, "Exempel Två AB", **FIRM)
    assert "5565436168" not in refused.value.detail


def test_similar_names_are_found_afterwards_with_how_alike_they_are(tx: Transaction) -> None:
    first = made(tx, "Exempelmedicinteknik AB")
    second = made(tx, "Exempelmedicintekniik Sverige AB")
    made(tx, "Helt annan leverantör AB")
    assert pairs_of(tx, second) == {}
    compare(tx)
    [(other, row)] = pairs_of(tx, second).items()
    assert (other, row.reasons, float(row.similarity) > 0.9) == (first, ["similar_name"], True)
    assert ask(tx, "SELECT count(*) FROM uncompared") == [0]


def test_words_that_some_write_as_two_are_similar(tx: Transaction) -> None:
    first = made(tx, "Exempellycke Health Care AB")
    second = made(tx, "Exempellycke Healthcare AB")
    compare(tx)
    [(other, row)] = pairs_of(tx, second).items()
    assert (other, row.reasons, float(row.similarity)) == (first, ["similar_name"], 1.0)


def test_names_that_differ_in_a_number_are_not_similar(tx: Transaction) -> None:
    made(tx, "Exempelleverantör 0171 AB")
    second = made(tx, "Exempelleverantör 0172 AB")
    third = made(tx, "Exempellevarantör 0172 AB")
    compare(tx)
    assert set(pairs_of(tx, second)) == {third}


def test_suppliers_that_are_older_than_keys_get_them_and_are_found(tx: Transaction) -> None:
    first, second = made(tx, "Exempelmedicin AB"), made(tx, "Annan AB")
    with tx.cursor() as cursor:
        cursor.execute(
            "UPDATE supplier SET legal_name = 'EXEMPELMEDICIN', name_key = NULL WHERE supplier_id = %s",
            [second],
        )
    compare(tx)
    assert set(pairs_of(tx, first)) == {second}


def test_a_pair_that_was_rejected_is_not_proposed_again(tx: Transaction) -> None:
    first, second = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
    [pair] = pairs_of(tx, first).values()
    usecases.duplicates.reject_duplicate(tx, pair.duplicate_id, WHY, OFFICE, NOW)
    usecases.duplicates.find(tx, [first, second], NOW)
    compare(tx)
    [again] = pairs_of(tx, first).values()
    shown = (again.state, again.decided_by, again.decision_reason, again.decided_at, again.version)
    assert shown == ("rejected", OFFICE.subject, WHY, NOW, 2)


def test_a_pair_is_decided_once(tx: Transaction) -> None:
    first, _ = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
    [pair] = pairs_of(tx, first).values()
    usecases.duplicates.reject_duplicate(tx, pair.duplicate_id, WHY, OFFICE, NOW)
    decided = {"survivor_id": first, "reason": WHY}
    with pytest.raises(Conflict, match="was rejected"):
        usecases.duplicates.confirm_duplicate(tx, pair.duplicate_id, decided, OFFICE, NOW)


def test_a_pair_that_is_confirmed_is_merged_into_the_one_that_is_named(tx: Transaction) -> None:
    first, second = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
    [pair] = pairs_of(tx, first).values()
    with pytest.raises(Invalid):
        usecases.duplicates.confirm_duplicate(
            tx, pair.duplicate_id, {"survivor_id": made(tx, "Tredje AB"), "reason": WHY}, OFFICE, NOW
        )
    shown = usecases.duplicates.confirm_duplicate(
        tx, pair.duplicate_id, {"survivor_id": second, "reason": WHY}, OFFICE, NOW
    )
    assert (shown["state"], shown["decision_reason"]) == ("merged", WHY)
    assert usecases.registry.get_supplier(tx, second, OFFICE)["merged_ids"] == [first]


def test_pairs_are_listed_by_state_reason_and_supplier(tx: Transaction) -> None:
    first, _ = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
    other = made(tx, "Exempel Ett AB", **FIRM)
    made(tx, "Namn två AB", **OTHERS[0])
    [named], [numbered] = pairs_of(tx, first).values(), pairs_of(tx, other).values()
    assert {row.duplicate_id for row in pairs(tx, reason="name")} >= {named.duplicate_id}
    assert numbered.duplicate_id not in {row.duplicate_id for row in pairs(tx, reason="name")}
    usecases.duplicates.reject_duplicate(tx, named.duplicate_id, WHY, OFFICE, NOW)
    assert named.duplicate_id in {row.duplicate_id for row in pairs(tx, state="rejected")}
    assert named.duplicate_id not in {row.duplicate_id for row in pairs(tx, state="open")}


def test_what_is_imported_is_found_as_well(imports: Imports) -> None:
    def row(number: int, name: str, **more: str) -> dict[str, Any]:
        return {"region": "01", "own_number": f"L-{number}", "legal_name": name, "country": "SE", **more}

    imports.run("suppliers", [row(1, "Exempelmedicin AB"), row(2, "Annan AB", orgnr="5565436168")])
    imports.run("suppliers", [row(3, "EXEMPELMEDICIN"), row(4, "Fjärde AB", vat="SE556543616801")])
    assert sorted(imports.ask("SELECT reasons FROM duplicate")) == [["identifier"], ["name"]]
    assert imports.ask("SELECT count(*) FROM supplier WHERE name_key IS NULL") == [0]


def test_the_comparison_goes_on_where_it_was_stopped(imports: Imports) -> None:
    rows = [
        {"region": "01", "own_number": f"L-{i}", "legal_name": f"Exempelföretag {word}", "country": "SE"}
        for i, word in enumerate(["alfabeta", "alfabeeta", "gammadelta", "gammadeltaa"])
    ]
    imports.run("suppliers", rows)

    class StoppedError(Exception):
        pass

    @contextmanager
    def begin() -> Iterator[Transaction]:
        with imports.transaction() as tx:
            yield tx
            tx.commit()

    @contextmanager
    def stopped() -> Iterator[Transaction]:
        with imports.transaction() as tx:
            yield tx
            raise StoppedError

    with pytest.raises(StoppedError):
        usecases.duplicates.compare_names(stopped)
    assert imports.ask("SELECT count(*) FROM uncompared WHERE NOT named") == [4]
    while usecases.duplicates.compare_names(begin):
        pass
    assert imports.ask("SELECT count(*) FROM uncompared") == [0]
    assert imports.ask("SELECT count(*) FROM duplicate WHERE reasons = '{similar_name}'") == [2]


def test_while_files_are_imported_names_are_compared_bit_by_bit(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(likeness.BACKGROUND, "chunk", 1)
    for number in range(3):
        made(tx, f"Exempel {number} AB")
    assert usecases.duplicates.compare_names(lambda: nullcontext(tx))
    call = Call(
        body=uploads.Received(uuid7(), tables.CSV, 1, b""),
        query={"kind": "suppliers", "dry_run": False, "imported": False},
        now=NOW,
        actor=OFFICE,
        correlation_id="a",
    )
    started = start(tx, call)
    assert not usecases.duplicates.compare_names(lambda: nullcontext(tx))
    cancel(tx, started["import_id"], NOW)
    assert usecases.duplicates.compare_names(lambda: nullcontext(tx))


def test_of_the_names_that_regions_bought_from_two_pairs_are_alike(tx: Transaction) -> None:
    """What a person would be shown of 1,781 real names; the second pair is a false alarm."""
    with (DATA / "uhm_region_suppliers_2021.csv").open(encoding="utf-8", newline="") as file:
        names = {str(uuid7()): row["supplier"] for row in csv.DictReader(file)}
    rows = [{"supplier_id": each, "legal_name": name, "country": "IS"} for each, name in names.items()]
    with tx.cursor() as cursor:
        cursor.execute(
            "INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)"
            " SELECT supplier_id, legal_name, country, 'active', 'sv', now()"
            " FROM jsonb_populate_recordset(NULL::supplier, %s::jsonb)",
            [sql.rows(rows)],
        )
    compare(tx)
    found = ask(tx, "SELECT one::text, other::text FROM duplicate WHERE one = ANY(%s::uuid[])", list(names))
    assert {tuple(sorted((names[one], names[other]))) for one, other in found} == {
        ("GE Healthcare Aktiebolag", "GE Healthcare Sverige AB"),
        ("STILL Sverige AB", "Stille AB"),
    }
