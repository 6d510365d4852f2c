"""What is kept of scores, and what they take in."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.suppliers import repository, usecases
from tests.callers import OFFICE, WHATEVER
from tests.recomputed import differences
from tests.suppliers.bodies import NOW, SUPPLIER, import_index, put_gloves, register, supplier
from tests.suppliers.merges import ask
from tests.suppliers.steps import LATER, assess, history, registered, rescored

if TYPE_CHECKING:
    from chassis.db import Database, Transaction


def test_the_latest_end_of_a_contract_counts_and_an_unknown_one_is_unknown(
    tx: Transaction, emitted: Any
) -> None:
    [contract] = SUPPLIER["contracts"]
    early, unknown = contract | {"ends_on": "2027-06-30"}, contract | {"ends_on": None}
    registered(tx, contracts=[contract, early])
    registered(tx, contracts=[early, unknown])
    assert [event["data"]["contract_ends_on"] for event in rescored(emitted, tx)] == ["2028-12-31", None]


def test_only_sites_with_the_case_s_category_count(tx: Transaction, emitted: Any) -> None:
    [factory, _] = SUPPLIER["sites"]
    registered(tx, sites=[factory | {"category_ids": []}])
    [told] = rescored(emitted, tx)
    assert (told["data"]["score"], told["data"]["site_known"]) == (66.0, False)


def test_a_case_without_any_data_has_that_as_its_state(tx: Transaction, emitted: Any) -> None:
    put_gloves(tx, analysis=[None] * 4)
    supplier_id = register(tx, supplier())["supplier_id"]
    [told] = rescored(emitted, tx)
    assert (told["data"]["score"], told["data"]["band"], len(told["data"]["no_data_areas"])) == (
        None,
        "no_data",
        4,
    )
    risk = usecases.risk.get_risk(tx, supplier_id, OFFICE)
    assert (risk["headline"], [case.band for case in risk["cases"]]) == (None, ["no_data"])


def test_the_headline_is_the_worst_category(tx: Transaction) -> None:
    [gloves] = SUPPLIER["contracts"]
    put_gloves(tx)
    usecases.categories.put_category(
        tx, "garn", {**_calm(), "responsible_area": None, "parent_id": None}, WHATEVER
    )
    supplier_id = registered(tx, contracts=[gloves, gloves | {"category_id": "garn"}])
    risk = usecases.risk.get_risk(tx, supplier_id, OFFICE)
    assert [case.category_id for case in risk["cases"]] == ["garn", "handskar"]
    assert (risk["headline"].category_id, risk["headline"].score) == ("handskar", Decimal("72.3"))


def _calm() -> dict[str, Any]:
    analysis = [{"likelihood": 1, "severity": 1, "valid_until": "2028-12-31"}] * 4
    names = {"sv": "Garn", "en": "Yarn"}
    return {"names": names, "prioritised_years": [], "cpv_prefixes": [], "analysis": analysis}


def test_every_past_score_can_be_computed_again_from_what_is_stored(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    half = [[None, 33.3, 66.6, 100]] * 7
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    import_index(tx, "CPI", 2026, CHN="12.5")
    put_gloves(tx, analysis=[None] * 4)
    months_later = LATER + timedelta(days=100)
    usecases.scoring.rescore_after_assessment(
        tx, [assess(supplier_id, received, 2, judged=half)], months_later
    )

    first = history(tx, supplier_id, limit=2, category_id="handskar")
    rest = history(tx, supplier_id, limit=2, category_id="handskar", after=first["next"])
    rows = first["items"] + rest["items"]
    assert [row.as_of for row in rows] == [NOW, LATER, months_later]
    assert [told for row in rows for told in differences(tx, row)] == []
    last = rows[-1]
    assert differences(tx, last._replace(claim_gap=Decimal(1))) == [
        "claim_gap is 1, computed again it is None"
    ]
    work = last.work | {"areas": [[], *last.work["areas"][1:]]}
    assert [told[:5] for told in differences(tx, last._replace(work=work))] == ["work "]


def test_a_score_says_by_which_versions_it_was_computed(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    import_index(tx, "CPI", 2026, CHN="12.5")
    put_gloves(tx, analysis=[None] * 4)
    import_index(tx, "CPI", 2026, CHN="13")
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    first, *_, last = history(tx, supplier_id, category_id="handskar")["items"]
    assert last.datasets["CPI"] == 2026
    [version] = ask(tx, "SELECT version FROM country_dataset WHERE index = 'CPI' AND year = 2026")
    assert last.dataset_versions["CPI"] == version == 2
    assert last.analysis_version == first.analysis_version + 1


def test_the_numbers_that_a_score_was_computed_from_are_kept_as_numbers(tx: Transaction) -> None:
    registered(tx)
    with tx.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_typeof(v)"
            " FROM risk_score, jsonb_path_query(inputs::jsonb, '$.indices.*.*') AS v"
        )
        assert [row[0] for row in cursor] == ["number"]


def test_suppliers_are_counted_by_the_band_of_their_worst_category(tx: Transaction) -> None:
    before = {gauge.labels["band"]: gauge.value for gauge in usecases.scoring.gauges(tx)}
    registered(tx)
    after = {gauge.labels["band"]: gauge.value for gauge in usecases.scoring.gauges(tx)}
    assert after == before | {"high": before["high"] + 1}
    assert list(after) == ["very_low", "low", "medium", "high", "very_high", "no_data"]


def test_two_rescorings_of_one_case_wait_for_each_other(db: Database, received: Any) -> None:
    """Without the lock the second would compute from facts, and a previous score, of the past."""
    with db.transaction() as tx:
        supplier_id = registered(tx)

    def rescore_later() -> None:
        with db.transaction() as second:
            usecases.scoring.rescore_after_assessment(
                second, [assess(supplier_id, received, 1, score="0")], LATER
            )

    waiting = threading.Thread(target=rescore_later)
    with db.transaction() as tx:
        repository.scores.lock_cases(tx, [(supplier_id, "handskar")])
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, 2)], LATER)
    waiting.join(10)
    with db.transaction() as tx:
        rows = history(tx, supplier_id)["items"]
    found = [(row.previous_score, row.score) for row in rows]
    assert found == [
        (None, Decimal("72.3")),
        (Decimal("72.3"), Decimal("48.0")),
        (Decimal("48.0"), Decimal("48.0")),
    ]
