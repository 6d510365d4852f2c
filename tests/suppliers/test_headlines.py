"""The headline that is kept of each supplier: what its cases say, whatever becomes of them."""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from services.suppliers import schemas, usecases
from services.suppliers.domain import BANDS, NO_DATA
from tests.backbone import others_wait, wait_until
from tests.callers import WHATEVER
from tests.suppliers.bodies import GLOVES, import_index, loaded, put_gloves, register, supplier
from tests.suppliers.files import states
from tests.suppliers.merges import ask, made, merge
from tests.suppliers.merges import contract as raw
from tests.suppliers.parts import by, contract, only_contract
from tests.suppliers.rows import CONTRACT, FIRST, SECOND
from tests.suppliers.steps import LATER, assess, registered
from tests.suppliers.test_merging_concurrency import while_it_holds
from tests.suppliers.test_waves import worked_off

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Database, Transaction
    from tests.suppliers.files import Imports

ORDER = [None, NO_DATA, *BANDS]


def put_yarn(tx: Transaction) -> None:
    """A category whose cases have no score."""
    yarn = loaded(schemas.NewCategory, GLOVES | {"analysis": [None] * 4})
    usecases.categories.put_category(tx, "garn", yarn, WHATEVER)


def headline(tx: Transaction, supplier_id: UUID) -> str | None:
    """A supplier's headline, if it and all others are what the cases and the registry say."""
    said: dict[Any, Any] = {}
    for each, band in ask(tx, "SELECT supplier_id, band FROM risk_case"):
        said[each] = max(said.get(each), band, key=ORDER.index)
    kept = {each: band for each, band in ask(tx, "SELECT supplier_id, band FROM headline") if band}
    assert kept == {each: band for each, band in said.items() if band}
    others = "SELECT h.supplier_id FROM headline AS h LEFT JOIN supplier AS s USING (supplier_id, legal_name)"
    assert ask(tx, others + " WHERE s.supplier_id IS NULL") == []
    return kept.get(supplier_id)


def set_band(tx: Transaction, supplier_id: UUID, category_id: str, band: str | None) -> None:
    with tx.cursor() as cursor:
        cursor.execute(
            "UPDATE risk_case SET band = %s WHERE supplier_id = %s AND category_id = %s",
            [band, supplier_id, category_id],
        )


def test_of_two_bands_the_worse_is_found_and_of_none_none(tx: Transaction) -> None:
    for one, other in product(ORDER, repeat=2):
        [worst] = ask(tx, "SELECT worst_band(%s)", [one, other])
        assert worst == max(one, other, key=ORDER.index)
    assert ask(tx, "SELECT worst_band('{}')") == [None]


def test_it_follows_what_is_judged_and_the_worst_of_several_cases(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    put_yarn(tx)
    assert headline(tx, supplier_id) == "high"
    usecases.contracts.add_contract(tx, supplier_id, contract(category_id="garn"), by())
    assert headline(tx, supplier_id) == "high"
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, score="100")], LATER)
    assert headline(tx, supplier_id) == "medium"


def test_a_case_that_ends_is_no_headline_any_more(tx: Transaction) -> None:
    supplier_id = registered(tx)
    put_yarn(tx)
    place = only_contract(tx, supplier_id)
    usecases.contracts.change_contract(tx, place, contract(category_id="garn"), by())
    assert headline(tx, supplier_id) == NO_DATA
    usecases.contracts.remove_contract(tx, place, "fel leverantör", by())
    assert headline(tx, supplier_id) is None
    usecases.contracts.add_contract(tx, supplier_id, contract(), by())
    assert headline(tx, supplier_id) == "high"


def test_a_wave_changes_it(tx: Transaction) -> None:
    first = registered(tx)
    second = register(tx, supplier())["supplier_id"]
    worked_off(tx)
    mild = {"likelihood": 1, "severity": 1, "valid_until": "2099-12-31"}
    put_gloves(tx, analysis=[mild] * 4)
    worked_off(tx)
    assert headline(tx, first) == headline(tx, second) == "medium"
    put_gloves(tx)
    import_index(tx, "CPI", 2026, CHN="3")
    worked_off(tx)
    assert headline(tx, first) == headline(tx, second) == "high"


def test_a_merge_gives_the_survivor_its_own(tx: Transaction) -> None:
    put_yarn(tx)
    survivor = made(tx, contracts=[raw(category_id="garn")])
    absorbed = made(tx, "Exempel 2 AB", contracts=[raw()])
    assert headline(tx, survivor) == NO_DATA
    merge(tx, survivor, absorbed)
    assert headline(tx, survivor) != NO_DATA
    assert ask(tx, "SELECT count(*) FROM headline WHERE supplier_id = %s", absorbed) == [0]


def test_it_has_the_name_that_a_supplier_has_now(db: Database) -> None:
    with db.transaction() as tx:
        supplier_id, unscored = registered(tx), register(tx, supplier(contracts=[]))["supplier_id"]
    rename(db, supplier_id, "Exempel 7 AB")
    rename(db, unscored, "Exempel 8 AB")
    with db.transaction() as tx:
        assert (headline(tx, supplier_id), headline(tx, unscored)) == ("high", None)
        usecases.contracts.add_contract(tx, unscored, contract(), by())
        assert headline(tx, unscored) == "high"


def rename(db: Database, supplier_id: UUID, name: str) -> None:
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("UPDATE supplier SET legal_name = %s WHERE supplier_id = %s", [name, supplier_id])


def test_imports_of_contracts_that_are_new_and_move(imports: Imports) -> None:
    imports.prepare(put_yarn)
    imports.run("suppliers", [FIRST, SECOND])
    rows = [CONTRACT, CONTRACT | {"orgnr": SECOND["orgnr"], "category_id": "garn"}]
    assert states(imports.run("contracts", rows)) == ["made", "made"]
    bands = "SELECT legal_name, band FROM headline ORDER BY 1"
    assert imports.ask(bands) == [("Exempel 1 AB", "high"), ("Exempel 2 AB", NO_DATA)]
    assert states(imports.run("contracts", [CONTRACT | {"category_id": "garn"}])) == ["changed"]
    assert imports.ask(bands) == [("Exempel 1 AB", NO_DATA), ("Exempel 2 AB", NO_DATA)]


def test_cases_that_are_brought_back_with_their_scores_count(tx: Transaction) -> None:
    supplier_id = registered(tx)
    with tx.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM risk_case")
        cursor.execute("DELETE FROM risk_case WHERE supplier_id = %s", [supplier_id])
        assert headline(tx, supplier_id) is None
        cursor.execute("INSERT INTO risk_case SELECT * FROM kept WHERE supplier_id = %s", [supplier_id])
    assert headline(tx, supplier_id) == "high"


def with_two_cases(db: Database, band: str | None = "high") -> UUID:
    with db.transaction() as tx:
        put_yarn(tx)
        supplier_id = registered(tx)
        usecases.contracts.add_contract(tx, supplier_id, contract(category_id="garn"), by())
        set_band(tx, supplier_id, "garn", band)
        set_band(tx, supplier_id, "handskar", band)
    return supplier_id


@pytest.mark.parametrize(("before", "after"), [("high", "low"), ("low", "medium"), (None, "low")])
def test_who_changes_another_case_of_the_supplier_at_once_waits_and_sees_both(
    db: Database, before: str | None, after: str
) -> None:
    """Each by itself would find the other's case as it was."""
    supplier_id = with_two_cases(db, before)
    if before is None:
        with db.transaction() as tx, tx.cursor() as cursor:
            cursor.execute("DELETE FROM headline")
    while_it_holds(
        db,
        lambda tx: set_band(tx, supplier_id, "handskar", after),
        lambda tx: set_band(tx, supplier_id, "garn", after),
    )
    with db.transaction() as tx:
        assert headline(tx, supplier_id) == after


def test_a_first_score_beside_a_new_name_has_that_name(db: Database) -> None:
    with db.transaction() as tx:
        supplier_id = registered(tx)
        set_band(tx, supplier_id, "handskar", None)
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("DELETE FROM headline")

    def named(tx: Transaction) -> None:
        with tx.cursor() as cursor:
            cursor.execute("UPDATE supplier SET legal_name = 'Exempel 9 AB'")

    while_it_holds(db, lambda tx: set_band(tx, supplier_id, "handskar", "low"), named)
    with db.transaction() as tx:
        assert headline(tx, supplier_id) == "low"


def test_headlines_are_locked_in_the_order_of_suppliers(db: Database) -> None:
    """Whoever waits for one holds none of those after it: two of them cannot wait for each other."""
    with db.transaction() as tx:
        ids = sorted([registered(tx), *(register(tx, supplier())["supplier_id"] for _ in range(7))])

    def change() -> None:
        with db.transaction() as other, other.cursor() as cursor:
            cursor.execute("UPDATE risk_case SET band = 'low'")

    thread = threading.Thread(target=change)
    lock = "SELECT FROM headline WHERE supplier_id = %s FOR UPDATE NOWAIT"
    with db.transaction() as tx:
        ask(tx, lock, ids[0])
        thread.start()
        wait_until(lambda: others_wait(tx))
        for each in reversed(ids):
            ask(tx, lock, each)
    thread.join(20)
    with db.transaction() as tx:
        assert {headline(tx, each) for each in ids} == {"low"}


def test_a_new_name_is_noted_at_the_end(db: Database) -> None:
    """Who gives it may wait for cases meanwhile, and whoever has those for the headline."""
    with db.transaction() as tx:
        supplier_id = registered(tx)
    with db.transaction() as tx:
        ask(tx, "UPDATE supplier SET legal_name = 'Exempel 9 AB' RETURNING 1")
        with db.transaction() as other:
            set_band(other, supplier_id, "handskar", "low")
    with db.transaction() as tx:
        assert headline(tx, supplier_id) == "low"


def test_of_many_cases_in_one_statement_none_is_forgotten(tx: Transaction) -> None:
    put_gloves(tx)
    with tx.cursor() as cursor:
        cursor.execute(
            "WITH made AS ("
            " INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)"
            " SELECT gen_random_uuid(), 'Exempel ' || i, 'SE', 'active', 'sv', now()"
            " FROM generate_series(1, 250) AS i RETURNING supplier_id)"
            " INSERT INTO risk_case (supplier_id, category_id, band)"
            " SELECT supplier_id, 'handskar', 'low' FROM made"
        )
        cursor.execute("UPDATE risk_case SET band = 'medium' WHERE band = 'low' RETURNING supplier_id")
        moved = [row.supplier_id for row in cursor]
    assert len(moved) == 250
    assert headline(tx, moved[0]) == "medium"


def test_they_are_found_by_index_however_few_rows_there_are_when_the_plan_is_made(tx: Transaction) -> None:
    first = registered(tx)
    set_band(tx, first, "handskar", "low")
    looked = (
        "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('supplier', 'risk_case', 'headline') ORDER BY relname"
    )
    with tx.cursor() as cursor:
        cursor.execute("ANALYZE supplier, risk_case, headline")  # next to nothing, and no bands
        before = ask(tx, looked)
        cursor.execute("SELECT find_headlines(ARRAY[%s])", [first])
    assert ask(tx, looked) == before
