"""Scoring cases: when, from what, what is kept and what is told."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.ids import uuid7
from services.suppliers import reference, repository, usecases
from services.suppliers.domain import parse_facts, score
from services.suppliers.events import AssessmentCompleted
from tests.suppliers.bodies import NOW, SUPPLIER, completed, import_china, put_gloves, supplier

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from chassis.db import Database, Transaction
    from chassis.events import Received

LATER = NOW + timedelta(hours=1)
DATASETS = {
    "CPI": 2025,
    "EPI": 2024,
    "ITUC_GRI": 2026,
    **{f"WGI_{part}_PCTRANK": 2023 for part in ("CC", "GE", "PV", "RL", "RQ", "VA")},
}


def registered(tx: Transaction, **changes: Any) -> UUID:
    """A supplier of gloves from China."""
    put_gloves(tx)
    import_china(tx)
    supplier_id: UUID = usecases.register_supplier(tx, supplier(**changes), NOW)["supplier_id"]
    return supplier_id


def assess(
    supplier_id: UUID, received: Callable[..., Received], version: int = 1, **changes: Any
) -> Received:
    data = completed(supplier_id, **changes)
    return received(AssessmentCompleted, data, subject=f"{supplier_id}/handskar", version=version)


def terms(country: str, category: str, inherent: str, residual: str) -> dict[str, Any]:
    numbers = {"country": country, "category": category, "inherent": inherent, "residual": residual}
    exact = {name: Decimal(text) for name, text in numbers.items()}
    return exact | {"partial": False, "mitigation": Decimal("0.56")}


def shown(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """The risk view, its terms as numbers."""
    risk = usecases.get_risk(tx, supplier_id)
    [case] = risk["cases"]
    areas = {
        area: {name: value if isinstance(value, bool) else Decimal(value) for name, value in each.items()}
        for area, each in case.areas.items()
    }
    return case._asdict() | {"areas": areas}


def rescored(emitted: Any, tx: Transaction) -> list[dict[str, Any]]:
    return [event for event in emitted(tx) if event["type"] == "supplier_risk_rescored"]


def test_a_contract_gives_its_case_a_first_score(tx: Transaction, emitted: Any) -> None:
    supplier_id = registered(tx)
    [told] = rescored(emitted, tx)
    cause = told["data"]["causes"]
    # the sums are in test_domain
    assert told == {
        "type": "supplier_risk_rescored",
        "subject": f"{supplier_id}/handskar",
        "version": 1,
        "data": {
            "supplier_id": str(supplier_id),
            "category_id": "handskar",
            "score": 72.3,
            "band": "high",
            "previous_score": None,
            "previous_band": None,
            "residual": [69.01575, 85, 44.25, 40.5],
            "no_data_areas": [],
            "stage": None,
            "critical_open": 0,
            "severe_open": 0,
            "claim_gap": None,
            "not_cooperating": False,
            "recommendation": None,
            "site_known": True,
            "contract_ends_on": "2028-12-31",
            "rule_set": "2026-1",
            "as_of": NOW.isoformat(),
            "assessed_at": None,
            "causes": cause,
            "changed": False,
        },
    }
    assert len(cause) == 1


def test_a_completed_assessment_rescores_its_case(tx: Transaction, emitted: Any, received: Any) -> None:
    supplier_id = registered(tx)
    event = assess(supplier_id, received, critical=["Q101"], recommendation="office_audit")
    usecases.rescore_after_assessment(tx, [event], LATER)

    _, told = rescored(emitted, tx)
    assert told["version"] == 2
    assert told["data"] == rescored(emitted, tx)[0]["data"] | {
        "score": 48.0,
        "band": "medium",
        "previous_score": 72.3,
        "previous_band": "high",
        "residual": [45.826458, 56.44, 29.382, 26.892],
        "stage": "reviewed",
        "critical_open": 1,
        "recommendation": "office_audit",
        "as_of": LATER.isoformat(),
        "assessed_at": event.data["completed_at"].isoformat(),
        "causes": [str(event.id)],
        "changed": True,
    }
    case = shown(tx, supplier_id)
    expected = {
        "category_id": "handskar",
        "score": Decimal("48.0"),
        "band": "medium",
        "previous_score": Decimal("72.3"),
        "previous_band": "high",
        "as_of": LATER,
        "rule_set": "2026-1",
        "datasets": DATASETS,
        "stage": "reviewed",
        "no_data_areas": [],
        "causes": [event.id],
    }
    assert {name: case[name] for name in expected} == expected
    assert case["areas"] == {
        "human_rights": terms("58.0315", "80", "69.01575", "45.826458"),
        "workers_rights": terms("90", "80", "85", "56.44"),
        "environment": terms("64.5", "24", "44.25", "29.382"),
        "business_ethics": terms("57", "24", "40.5", "26.892"),
    }


def test_a_judgement_is_kept_unless_a_newer_one_is_there(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    supplier_id = registered(tx)
    newer, older = assess(supplier_id, received, 7, score="80"), assess(supplier_id, received, 6, score="0")
    usecases.rescore_after_assessment(tx, [newer], LATER)
    usecases.rescore_after_assessment(tx, [older], LATER)
    # the older one is a cause all the same, and the score follows from what is known
    assert [event["data"]["score"] for event in rescored(emitted, tx)] == [72.3, 48.0, 48.0]
    assert shown(tx, supplier_id)["causes"] == [older.id]


def test_a_batch_scores_each_case_once_from_its_newest_judgement(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    one, other = registered(tx), registered(tx)
    batch = [
        assess(one, received, 2, score="80"),
        assess(other, received, 1, score="100"),
        assess(one, received, 1, score="0"),
    ]
    usecases.rescore_after_assessment(tx, batch, LATER)
    told = rescored(emitted, tx)[2:]
    assert {event["subject"]: (event["data"]["score"], event["data"]["causes"]) for event in told} == {
        f"{one}/handskar": (48.0, [str(batch[0].id), str(batch[2].id)]),
        f"{other}/handskar": (42.0, [str(batch[1].id)]),  # 72.34571875 * (1 - 0.6 * 0.7)
    }


def test_a_case_that_is_not_known_yet_is_scored_when_its_contract_arrives(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    supplier_id = registered(tx, contracts=[])
    usecases.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    assert (rescored(emitted, tx), usecases.get_risk(tx, supplier_id)["cases"]) == ([], [])

    contract = SUPPLIER["contracts"][0] | {"contract_id": uuid7(), "supplier_id": supplier_id}
    repository.queries.insert_contracts(tx, rows=sql.rows([contract]))
    usecases.rescore_after_assessment(tx, [assess(supplier_id, received, 0, score="0")], LATER)
    [told] = rescored(emitted, tx)
    assert (told["data"]["score"], told["data"]["previous_band"], told["data"]["changed"]) == (
        48.0,
        None,
        False,
    )


def test_a_supplier_that_was_never_heard_of_is_no_failure(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    usecases.rescore_after_assessment(tx, [assess(uuid7(), received)], LATER)
    assert rescored(emitted, tx) == []


def test_what_only_repeats_or_imports_is_told_quietly(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    quiet = received(
        AssessmentCompleted, completed(supplier_id), subject=f"{supplier_id}/handskar", imported=True
    )
    loud = assess(supplier_id, received, 2)
    usecases.rescore_after_assessment(tx, [quiet], LATER)
    usecases.rescore_after_assessment(tx, [loud], LATER)
    with tx.cursor() as cursor:
        cursor.execute("SELECT headers FROM outbox WHERE type = 'supplier_risk_rescored' ORDER BY id")
        flags = [row.headers.get("cloudEvents_imported", False) for row in cursor.fetchall()]
    assert flags == [False, True, False]


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
    supplier_id = usecases.register_supplier(tx, supplier(), NOW)["supplier_id"]
    [told] = rescored(emitted, tx)
    assert (told["data"]["score"], told["data"]["band"], len(told["data"]["no_data_areas"])) == (
        None,
        "no_data",
        4,
    )
    risk = usecases.get_risk(tx, supplier_id)
    assert (risk["headline"], [case.band for case in risk["cases"]]) == (None, ["no_data"])


def test_the_headline_is_the_worst_category(tx: Transaction) -> None:
    [gloves] = SUPPLIER["contracts"]
    put_gloves(tx)
    usecases.put_category(tx, "garn", {**_calm(), "responsible_area": None})
    supplier_id = registered(tx, contracts=[gloves, gloves | {"category_id": "garn"}])
    risk = usecases.get_risk(tx, supplier_id)
    assert [case.category_id for case in risk["cases"]] == ["garn", "handskar"]
    assert (risk["headline"].category_id, risk["headline"].score) == ("handskar", Decimal("72.3"))


def _calm() -> dict[str, Any]:
    analysis = [{"likelihood": 1, "severity": 1, "valid_until": "2028-12-31"}] * 4
    names = {"sv": "Garn", "en": "Yarn"}
    return {"names": names, "prioritised_years": [], "cpv_prefixes": [], "analysis": analysis}


def test_every_past_score_can_be_computed_again_from_what_is_stored(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    half = [[None, 33.3, 66.6, 100]] * 7
    usecases.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    usecases.import_country_index(tx, "CPI", 2026, {"CHN": "12.5"}, NOW)
    put_gloves(tx, analysis=[None] * 4)
    months_later = LATER + timedelta(days=100)
    usecases.rescore_after_assessment(tx, [assess(supplier_id, received, 2, judged=half)], months_later)

    query = {"limit": 2, "after": None, "category_id": "handskar"}
    first = usecases.get_risk_history(tx, supplier_id, query)
    rest = usecases.get_risk_history(tx, supplier_id, query | {"after": first["next"]})
    rows = first["items"] + rest["items"]
    assert [row.as_of for row in rows] == [NOW, LATER, months_later]
    for row in rows:
        again = score(parse_facts(row.inputs), reference.rules(row.rule_set), row.as_of)
        assert (again.score, again.band, list(again.no_data_areas)) == (
            row.score,
            row.band,
            row.no_data_areas,
        )
        assert sql.loads(sql.document(again.areas)) == row.areas


def test_suppliers_are_counted_by_the_band_of_their_worst_category(tx: Transaction) -> None:
    before = {gauge.labels["band"]: gauge.value for gauge in usecases.gauges(tx)}
    registered(tx)
    after = {gauge.labels["band"]: gauge.value for gauge in usecases.gauges(tx)}
    assert after == before | {"high": before["high"] + 1}
    assert list(after) == ["very_low", "low", "medium", "high", "very_high", "no_data"]


def test_two_rescorings_of_one_case_wait_for_each_other(db: Database, received: Any) -> None:
    """Without the lock the second would compute from facts, and a previous score, of the past."""
    with db.transaction() as tx:
        supplier_id = registered(tx)

    def rescore_later() -> None:
        with db.transaction() as second:
            usecases.rescore_after_assessment(second, [assess(supplier_id, received, 1, score="0")], LATER)

    waiting = threading.Thread(target=rescore_later)
    with db.transaction() as tx:
        repository.lock_cases(tx, [(supplier_id, "handskar")])
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        usecases.rescore_after_assessment(tx, [assess(supplier_id, received, 2)], LATER)
    waiting.join(10)
    with db.transaction() as tx:
        rows = usecases.get_risk_history(tx, supplier_id, {"limit": 9, "after": None, "category_id": None})[
            "items"
        ]
    found = [(row.previous_score, row.score) for row in rows]
    assert found == [
        (None, Decimal("72.3")),
        (Decimal("72.3"), Decimal("48.0")),
        (Decimal("48.0"), Decimal("48.0")),
    ]
