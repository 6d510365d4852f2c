"""Regions' own numbers: whose they are to take away, and those that are a person's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chassis.errors import Forbidden, NotFound
from services.suppliers import schemas, usecases
from tests.callers import OFFICE, caller
from tests.suppliers.bodies import loaded
from tests.suppliers.files import states
from tests.suppliers.merges import ask, made, merge
from tests.suppliers.parts import GLOVES_AREA, SKANE, STOCKHOLM, by, told, whole
from tests.suppliers.rows import CONTRACT, FIRST, ORGNR
from tests.suppliers.test_merging_apart import take_apart

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

DALARNA = caller("region", region="20")
PERSON = "19121212-1212"


def remove(tx: Any, supplier_id: Any, region: str, number: str, actor: Any) -> None:
    body = {"region": region, "number": number, "reason": "Fel leverantör"}
    usecases.own_numbers.remove_own_number(tx, supplier_id, loaded(schemas.OwnNumberRemoval, body), by(actor))


def test_a_number_on_the_wrong_supplier_is_taken_away_and_free_again(tx: Any, emitted: Any) -> None:
    numbers = [{"region": "01", "number": "L-1"}, {"region": "12", "number": "L-1"}]
    supplier_id = made(tx, own_numbers=numbers)
    for actor in (SKANE, GLOVES_AREA):
        with pytest.raises(Forbidden):
            remove(tx, supplier_id, "01", "L-1", actor)
    with pytest.raises(NotFound):
        remove(tx, supplier_id, "01", "L-2", STOCKHOLM)
    remove(tx, supplier_id, "01", "L-1", STOCKHOLM)
    left = whole(tx, supplier_id)
    assert (left["own_numbers"], left["version"]) == (numbers[1:], 2)
    assert told(emitted, tx)[-1] == "supplier_changed"
    trail = "SELECT action, after ->> 'reason' FROM audit_trail WHERE resource = 'supplier' ORDER BY id"
    assert ask(tx, trail)[-1] == ("own_number_removed", "Fel leverantör")
    other = made(tx, "Rätt leverantör AB", own_numbers=numbers[:1])
    assert whole(tx, other)["own_numbers"] == numbers[:1]
    remove(tx, other, "01", "L-1", OFFICE)


def test_a_number_that_is_a_persons_is_shown_to_its_region_and_the_office_only(tx: Any, emitted: Any) -> None:
    numbers = [{"region": "01", "number": PERSON}, {"region": "12", "number": "L-1"}]
    supplier_id = made(tx, own_numbers=numbers)
    assert (
        whole(tx, supplier_id)["own_numbers"] == whole(tx, supplier_id, STOCKHOLM)["own_numbers"] == numbers
    )
    assert whole(tx, supplier_id, SKANE)["own_numbers"] == numbers[1:]
    assert whole(tx, supplier_id, DALARNA)["own_numbers"] is None
    trail = "SELECT to_jsonb(t)::text FROM audit_trail_unsealed AS t WHERE resource = 'supplier'"
    remove(tx, supplier_id, "01", PERSON, STOCKHOLM)
    everything = str(ask(tx, trail)) + str(emitted(tx))
    assert "L-1" in everything
    assert "1212-1212" not in everything


def test_a_number_that_a_region_gives_to_a_supplier_of_others_opens_nothing_of_it(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    imports.run("contracts", [CONTRACT | {"regions": "14"}])
    own = {"orgnr": ORGNR, "region": "12", "own_number": "S-1"}
    assert states(imports.run("suppliers", [own], actor=SKANE)) == ["changed"]
    [supplier_id] = imports.ask("SELECT supplier_id FROM supplier")
    with imports.transaction() as tx:
        seen, readers = whole(tx, supplier_id, SKANE), usecases.registry.readers_of(tx, supplier_id)
    assert (seen["shown"], seen["contacts"], seen["sites"], seen["contracts"]) == ("shared", None, None, None)
    assert seen["own_numbers"] == [{"region": "12", "number": "S-1"}]
    assert readers is not None
    assert not SKANE.reaches(readers)  # by the contracts' and sites' own addresses either


def test_a_number_that_is_a_persons_comes_back_when_a_merge_is_taken_apart(tx: Any) -> None:
    absorbed = made(tx, own_numbers=[{"region": "01", "number": PERSON}, {"region": "12", "number": "L-1"}])
    survivor = made(tx, "Annan AB", own_numbers=[{"region": "01", "number": "191212121212"}])
    before = [whole(tx, each)["own_numbers"] for each in (absorbed, survivor)]
    merge(tx, survivor, absorbed)
    assert PERSON not in str(ask(tx, "SELECT to_jsonb(t) FROM audit_trail_unsealed AS t"))
    take_apart(tx, absorbed)
    assert [whole(tx, each)["own_numbers"] for each in (absorbed, survivor)] == before
