"""Importing sites, and what contracts say beside; whose numbers are told to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.access import Identity
from tests.suppliers.rows import CONTRACT, FIRST, ORGNR, SECOND

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

SITE: dict[str, Any] = {
    "orgnr": ORGNR,
    "name": "Fabrik ett",
    "operator": "Exempelfabrik Ltd",
    "tier": "1",
    "country": "CN",
    "address": "1 Road",
    "products": "handskar, visir",
    "category_ids": "handskar",
}
REGION = Identity(
    subject="r", client="r", role="region", scopes=frozenset(), view="regions", claims={"region": "12"}
)


def states(job: dict[str, Any]) -> list[str]:
    return [row["state"] for row in job["report"]]


def test_sites_are_made_changed_and_left_alone_and_their_cases_scored(imports: Imports) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    imports.run("contracts", [CONTRACT])
    scores = "SELECT count(*) FROM scored_case WHERE supplier_id IN (SELECT supplier_id FROM supplier)"
    assert imports.ask(scores) == [1]
    other = SITE | {"name": "Fabrik två", "orgnr": SECOND["orgnr"]}
    assert states(imports.run("sites", [SITE, other])) == ["made"] * 2
    kept = "SELECT name, operator, tier, country, address, products, category_ids FROM site ORDER BY name"
    first = ("Fabrik ett", "Exempelfabrik Ltd", 1, "CN", "1 Road", ["handskar", "visir"], ["handskar"])
    assert imports.ask(kept)[0] == first
    assert imports.ask(scores) == [2]
    assert states(imports.run("sites", [SITE])) == ["unchanged"]
    assert states(imports.run("sites", [SITE | {"tier": "2", "operator": ""}])) == ["changed"]
    assert imports.ask(kept)[0] == (*first[:2], 2, *first[3:])
    assert imports.ask("SELECT version FROM site ORDER BY name") == [2, 1]
    wrong = [SITE | {"category_ids": "garn"}, SITE | {"country": "XX"}, SITE | {"orgnr": "1"}]
    assert imports.run("sites", wrong)["rows_rejected"] == 3
    assert imports.run("sites", [SITE | {"tier": "3"}], actor=REGION)["rows_rejected"] == 1


def test_contracts_say_what_was_procured_in_which_currency_and_until_when_with_all_options(
    imports: Imports,
) -> None:
    imports.run("suppliers", [FIRST])
    more = {"cpv": "33141420", "currency": "EUR", "option_ends_on": "2030-12-31"}
    assert states(imports.run("contracts", [CONTRACT | more])) == ["made"] * 1
    kept = "SELECT cpv, currency, option_ends_on::text, version FROM contract"
    assert imports.ask(kept) == [("33141420", "EUR", "2030-12-31", 1)]
    assert states(imports.run("contracts", [CONTRACT])) == ["unchanged"]
    assert imports.run("contracts", [CONTRACT | {"ends_on": "2031-12-31"}])["rows_rejected"] == 1
    assert imports.run("contracts", [CONTRACT | {"cpv": "33141421"}])["rows_rejected"] == 1


def test_an_archived_supplier_gets_no_contract_by_an_import(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    imports.prepare(_archive)
    assert imports.run("contracts", [CONTRACT])["rows_rejected"] == 1


def _archive(tx: Any) -> None:
    with tx.cursor() as cursor:
        cursor.execute("UPDATE supplier SET status = 'archived'")


def test_a_sole_traders_orgnr_is_kept_as_personal_and_no_report_repeats_it(imports: Imports) -> None:
    sole = {"orgnr": "121212+1212", "legal_name": "Exempel Enskild", "region": "01", "own_number": "L-9"}
    assert states(imports.run("suppliers", [sole])) == ["made"] * 1
    assert imports.ask("SELECT scheme, value FROM identifier") == [("personnr", "191212121212")]
    assert states(imports.run("suppliers", [sole])) == ["unchanged"]
    other = sole | {"orgnr": "19701063-2391"}
    imports.run("suppliers", [other])
    report = str(imports.ask("SELECT to_jsonb(r) FROM import_row AS r")) + str(
        imports.ask("SELECT to_jsonb(o) FROM outbox AS o")
    )
    for digits in ("1212121212", "7010632391"):
        assert digits not in report
