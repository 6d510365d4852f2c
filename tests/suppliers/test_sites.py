"""Sites of a supplier: what changes of them keep, tell, score and refuse."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chassis.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from chassis.http import Expectation
from services.suppliers import repository, schemas, usecases
from tests.callers import OFFICE
from tests.suppliers.bodies import loaded
from tests.suppliers.parts import (
    SITE,
    SKANE,
    STOCKHOLM,
    by,
    site,
    site_at,
    told,
    whole,
)
from tests.suppliers.steps import registered, rescored

STALE = Expectation(frozenset({7}))


def test_a_site_is_added_told_and_has_its_cases_scored_by_what_was_told(tx: Any, emitted: Any) -> None:
    supplier_id = registered(tx, sites=[])
    made = usecases.sites.add_site(
        tx,
        supplier_id,
        site(operator="Exempelfabrik Ltd", address="1 Road", products=["handskar"]),
        by(STOCKHOLM),
    )
    assert (made["version"], made["operator"], made["name"]) == (1, "Exempelfabrik Ltd", "Fabrik ett")
    assert whole(tx, supplier_id)["version"] == 2
    [first, second] = rescored(emitted, tx)
    assert (first["data"]["site_known"], second["data"]["site_known"]) == (False, True)
    changed = next(event for event in emitted(tx) if event["type"] == "supplier_changed")
    assert changed["data"]["sites"] == [
        {"site_id": str(made["site_id"]), "tier": 1, "country": "CN", "category_ids": ["handskar"]}
    ]
    [entry] = repository.scores.current_scores(tx, supplier_id, {"region": None, "area": None})
    assert len(entry.causes) == 1


def test_only_what_a_score_follows_from_has_it_computed_anew(tx: Any, emitted: Any) -> None:
    supplier_id = registered(tx)
    place = site_at(tx, supplier_id)
    usecases.sites.change_site(tx, place, site(address="2 Road"), by())
    assert len(rescored(emitted, tx)) == 1
    usecases.sites.change_site(tx, place, site(address="2 Road", country="SE"), by())
    assert len(rescored(emitted, tx)) == 2
    assert usecases.sites.get_site(tx, place, OFFICE)["version"] == 3
    again = usecases.sites.change_site(tx, place, site(address="2 Road", country="SE"), by())
    assert again["version"] == 3
    assert told(emitted, tx).count("supplier_changed") == 2


def test_a_region_writes_a_sub_suppliers_site_without_seeing_who_it_is(tx: Any) -> None:
    supplier_id = registered(tx, sites=[SITE | {"operator": "Exempelfabrik Ltd", "address": "1 Road"}])
    place = site_at(tx, supplier_id)
    seen = usecases.sites.get_site(tx, place, STOCKHOLM)
    assert [seen[name] for name in ("name", "operator", "address")] == [None] * 3
    body = {name: seen[name] for name in schemas.SiteChange().fields} | {"country": "VN"}
    usecases.sites.change_site(tx, place, loaded(schemas.SiteChange, body), by(STOCKHOLM))
    kept = usecases.sites.get_site(tx, place, OFFICE)
    assert [kept[name] for name in ("name", "operator", "address", "country")] == [
        "Fabrik ett",
        "Exempelfabrik Ltd",
        "1 Road",
        "VN",
    ]


def test_a_deeper_tier_is_not_there_for_others_than_the_office(tx: Any) -> None:
    supplier_id = registered(tx)
    place = site_at(tx, supplier_id, tier=2)
    for attempt in (
        lambda: usecases.sites.get_site(tx, place, STOCKHOLM),
        lambda: usecases.sites.change_site(tx, place, site(), by(STOCKHOLM)),
        lambda: usecases.sites.remove_site(tx, place, "fel", by(STOCKHOLM)),
    ):
        with pytest.raises(NotFound, match=r"^There is no such site\.$"):
            attempt()
    usecases.sites.remove_site(tx, place, "fel", by())
    with pytest.raises(NotFound):
        usecases.sites.get_site(tx, place, OFFICE)


def test_a_region_that_puts_a_site_into_a_deeper_tier_is_answered_with_what_it_wrote(tx: Any) -> None:
    supplier_id = registered(tx, sites=[SITE | {"operator": "Exempelfabrik Ltd", "address": "1 Road"}])
    place = site_at(tx, supplier_id)
    deeper = loaded(schemas.SiteChange, SITE | {"name": None, "tier": 2, "address": "2 Road"})
    written = usecases.sites.change_site(tx, place, deeper, by(STOCKHOLM))
    shown = [written[name] for name in ("tier", "name", "operator", "address", "version")]
    assert shown == [2, None, None, "2 Road", 2]
    assert usecases.sites.get_site(tx, place, OFFICE)["operator"] == "Exempelfabrik Ltd"
    with pytest.raises(NotFound):
        usecases.sites.get_site(tx, place, STOCKHOLM)


def test_what_is_wrong_with_a_site_or_its_writer_is_said(tx: Any) -> None:
    supplier_id = registered(tx)
    place = site_at(tx, supplier_id)
    with pytest.raises(Invalid) as refused:
        usecases.sites.add_site(tx, supplier_id, site(category_ids=["handskar", "garn"]), by())
    assert list(refused.value.faults) == ["/category_ids/1"]
    with pytest.raises(Forbidden):
        usecases.sites.add_site(tx, supplier_id, site(), by(SKANE))
    with pytest.raises(PreconditionFailed):
        usecases.sites.change_site(tx, place, site(), by(expects=STALE))
    with pytest.raises(NotFound):
        usecases.sites.change_site(tx, (supplier_id, uuid4()), site(), by())
    with pytest.raises(NotFound):
        usecases.sites.add_site(tx, uuid4(), site(), by())
