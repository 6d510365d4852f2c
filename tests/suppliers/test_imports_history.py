"""What was before Kedja: marked for ever, told quietly once, and followed up once something happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.events import PREFIX
from services.suppliers import usecases
from services.suppliers.events import AssessmentCompleted
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW, completed
from tests.suppliers.files import states
from tests.suppliers.rows import CONTACT, CONTRACT, FIRST, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.events import Received
    from tests.suppliers.files import Imports


def shown(imports: Imports, row: dict[str, Any]) -> dict[str, Any]:
    """The supplier that a row is about, as the API shows it."""
    [supplier_id] = imports.ask("SELECT supplier_id FROM own_number WHERE number = %s", row["own_number"])
    with imports.transaction() as tx:
        return usecases.registry.get_supplier(tx, supplier_id, OFFICE)


def actions(imports: Imports, supplier: dict[str, Any]) -> list[str]:
    """What the trail says was done to a supplier."""
    asked = "SELECT action FROM audit_trail WHERE resource_id = %s ORDER BY id"
    return imports.ask(asked, str(supplier["supplier_id"]))


def quiet(imports: Imports) -> list[tuple[str, bool]]:
    """What was told since it was asked last, and whether as of the past."""
    told = imports.ask("SELECT type, headers FROM outbox ORDER BY id")
    imports.prepare()
    return [(kind, headers.get(PREFIX + "imported", False)) for kind, headers in told]


def test_what_is_imported_of_the_past_is_marked_in_the_views_and_in_the_trail(imports: Imports) -> None:
    imports.run("suppliers", [FIRST], imported=True)
    imports.run("contracts", [CONTRACT], imported=True)
    imports.run("contacts", [CONTACT], imported=True)
    imports.run("contracts", [CONTRACT | {"reference": "B-1"}])
    imports.run("suppliers", [SECOND])
    old, new = shown(imports, FIRST), shown(imports, SECOND)
    assert (old["imported"], new["imported"]) == (True, False)
    assert {each["reference"]: each["imported"] for each in old["contracts"]} == {"A-17": True, "B-1": False}
    assert actions(imports, old) == ["imported", "imported", "imported", "changed"]
    assert actions(imports, new) == ["created"]


def test_the_mark_tells_where_a_thing_is_from_and_stays_as_it_is(imports: Imports) -> None:
    imports.run("suppliers", [FIRST], imported=True)
    imports.run("suppliers", [SECOND])
    imports.run("suppliers", [FIRST | {"legal_name": "Nya AB"}])
    imports.run("suppliers", [SECOND | {"legal_name": "Gamla AB"}], imported=True)
    assert (shown(imports, FIRST)["imported"], shown(imports, SECOND)["imported"]) == (True, False)
    assert actions(imports, shown(imports, SECOND)) == ["created", "imported"]


def test_an_imported_contract_is_followed_up_once_something_happens(
    imports: Imports, received: Callable[..., Received]
) -> None:
    imports.run("suppliers", [FIRST], imported=True)
    imports.run("contracts", [CONTRACT], imported=True)
    supplier_id = shown(imports, FIRST)["supplier_id"]
    assert quiet(imports)[-1] == ("supplier_risk_rescored", True)

    # what happens is loud: an assessment that is completed, and a contract that is changed in earnest
    heard = received(
        AssessmentCompleted, completed(supplier_id), subject=f"{supplier_id}/handskar", version=1
    )
    with imports.transaction() as tx:
        usecases.scoring.rescore_after_assessment(tx, [heard], now=NOW)
        tx.commit()
    assert quiet(imports) == [("supplier_risk_rescored", False)]
    assert states(imports.run("contracts", [CONTRACT | {"ends_on": "2029-12-31"}])) == ["changed"]
    assert quiet(imports) == [("supplier_changed", False), ("supplier_risk_rescored", False)]
