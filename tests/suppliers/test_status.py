"""What becomes of a supplier, what is corrected, and whose numbers are personal."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, PreconditionFailed
from chassis.http import Expectation
from services.suppliers import schemas, usecases
from services.suppliers.usecases.editing import Writer
from tests.callers import OFFICE, WHATEVER
from tests.suppliers.bodies import NOW, loaded, put_gloves, register, supplier
from tests.suppliers.merges import merge
from tests.suppliers.parts import (
    CONTRACT,
    GLOVES_AREA,
    GOTLAND,
    STOCKHOLM,
    by,
    contract,
    only_contract,
    whole,
)
from tests.suppliers.steps import registered

STALE = Expectation(frozenset({7}))


def status(
    tx: Any, supplier_id: Any, name: str, actor: Any = OFFICE, expects: Any = WHATEVER, **given: Any
) -> dict[str, Any]:
    body = loaded(schemas.Status, {"status": name, "reason": "Upphört", **given})
    return usecases.registry.set_status(tx, supplier_id, body, Writer(actor, NOW, expects))


def test_an_archived_supplier_takes_no_new_contract_and_its_past_stays_readable(
    tx: Any, emitted: Any
) -> None:
    supplier_id = registered(tx)
    place = only_contract(tx, supplier_id)
    with pytest.raises(Conflict, match="still runs"):
        status(tx, supplier_id, "archived")
    usecases.contracts.change_contract(tx, place, contract(ends_on="2026-11-20"), by())
    archived = status(tx, supplier_id, "archived")
    assert (archived["status"], archived["status_reason"], str(archived["status_since"])) == (
        "archived",
        "Upphört",
        "2026-11-21",
    )
    assert emitted(tx)[-1]["data"]["status"] == "archived"
    with pytest.raises(Conflict, match="archived"):
        usecases.contracts.add_contract(tx, supplier_id, contract(), by())
    assert whole(tx, supplier_id, STOCKHOLM)["contracts"]
    usecases.contracts.change_contract(tx, place, contract(ends_on="2026-11-20", value_ore=2), by())
    again = len(emitted(tx))
    assert status(tx, supplier_id, "archived")["version"] == archived["version"] + 1
    assert len(emitted(tx)) == again
    assert status(tx, supplier_id, "active", since="2026-11-01")["status"] == "active"
    usecases.contracts.add_contract(tx, supplier_id, contract(), by())


def test_nothing_of_an_archived_supplier_runs(tx: Any) -> None:
    supplier_id = registered(tx)
    with pytest.raises(Invalid) as refused:
        status(tx, supplier_id, "archived", since="2099-01-01")
    assert list(refused.value.faults) == ["/since"]
    place = only_contract(tx, supplier_id)
    usecases.contracts.change_contract(tx, place, contract(ends_on="2026-11-20"), by())
    status(tx, supplier_id, "archived", since="2026-11-21")
    for ends_on in ("2026-11-21", "2028-12-31", None):
        with pytest.raises(Conflict, match="archived"):
            usecases.contracts.change_contract(tx, place, contract(ends_on=ends_on), by())
    other = registered(tx, legal_name="Annan Exempel AB")
    with pytest.raises(Conflict, match="archived"):
        merge(tx, supplier_id, other)
    status(tx, supplier_id, "active")
    merge(tx, supplier_id, other)


def test_what_becomes_of_a_supplier_is_said_by_its_only_region_or_the_office(tx: Any) -> None:
    supplier_id = registered(tx)
    for actor in (STOCKHOLM, GOTLAND, GLOVES_AREA):
        with pytest.raises(Forbidden, match="national office"):
            status(tx, supplier_id, "inactive", actor)
    own = registered(tx, contracts=[CONTRACT | {"regions": ["09"]}])
    assert status(tx, own, "inactive", GOTLAND)["status"] == "inactive"


def test_what_others_have_changed_meanwhile_is_not_decided_over(tx: Any, emitted: Any) -> None:
    numbers = [{"region": "01", "number": "A-1"}]
    supplier_id = registered(tx, own_numbers=numbers)
    other = registered(tx, legal_name="Annan Exempel AB", contracts=[])
    so_far = len(emitted(tx))
    removal = loaded(schemas.OwnNumberRemoval, {**numbers[0], "reason": "Fel leverantör"})
    for change in (
        lambda expects: status(tx, supplier_id, "inactive", expects=expects),
        lambda expects: usecases.own_numbers.remove_own_number(tx, supplier_id, removal, by(expects=expects)),
        lambda expects: merge(tx, supplier_id, other, expects=expects),
    ):
        with pytest.raises(PreconditionFailed):
            change(STALE)
        assert len(emitted(tx)) == so_far
        change(Expectation(frozenset({whole(tx, supplier_id)["version"]})))
        assert len(emitted(tx)) > so_far
        so_far = len(emitted(tx))


def test_a_correction_stands_in_the_trail_with_its_reason(tx: Any) -> None:
    supplier_id = registered(tx)
    before = whole(tx, supplier_id)
    body = {name: before[name] for name in ("legal_name", "country", "language", "identifiers", "contacts")}
    usecases.registry.change_supplier(
        tx,
        supplier_id,
        loaded(schemas.SupplierChange, body | {"legal_name": "Rätt AB", "reason": "Fel namn"}),
        WHATEVER,
        OFFICE,
    )
    usecases.contracts.remove_contract(tx, only_contract(tx, supplier_id), "Fel avtal", by())
    with tx.cursor() as cursor:
        cursor.execute(
            "SELECT action, after ->> 'reason' FROM audit_trail WHERE resource = 'supplier' ORDER BY id"
        )
        entries = [tuple(row) for row in cursor.fetchall()]
    assert entries[-2:] == [("corrected", "Fel namn"), ("contract_removed", "Fel avtal")]


def test_a_natural_persons_number_is_in_no_event_and_in_the_trail_as_a_hash(tx: Any, emitted: Any) -> None:
    put_gloves(tx)
    number = "191212121212"
    kept = register(tx, supplier(identifiers={"orgnr": "121212+1212", "gln": "7300010000001"}), STOCKHOLM)
    assert kept["identifiers"] == {"personnr": number, "gln": "7300010000001"}
    assert whole(tx, kept["supplier_id"], STOCKHOLM)["identifiers"] == {"gln": "7300010000001"}
    assert whole(tx, kept["supplier_id"])["identifiers"]["personnr"] == number
    with tx.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM audit_trail AS t WHERE resource = 'supplier'")
        trail = " ".join(row[0] for row in cursor.fetchall())
    everything = trail + str(emitted(tx))
    assert "7300010000001" in everything
    assert number[2:] not in everything
    asked = {"scheme": "orgnr", "numbers": ["121212+1212", "1", "5560747569"]}
    found = usecases.finding.look_up(tx, asked, OFFICE)
    assert [(each["supplier_id"], bool(each["fault"])) for each in found["items"]] == [
        (kept["supplier_id"], False),
        (None, True),
        (None, False),
    ]
