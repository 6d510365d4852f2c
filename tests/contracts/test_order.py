"""In whatever order versions arrive, how late and how often: the state is that of the ordered run.

Each goes the way of its queue's messages: envelope, inbox, handler, database; a fault there fails the test.
A copy has the event's own id, a resync tells a version again under a new one.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import clock, migrate
from chassis.db import Database
from chassis.entrypoints import declared
from chassis.failures import Message
from chassis.handling import Handling
from chassis.installed import installed
from deploy.local import provision
from services.assessments import events as assessments
from services.assessments import usecases as assessments_do
from services.audits import events as audits
from services.audits import usecases as audits_do
from services.notifications import events as notifications
from services.notifications import usecases as notifications_do
from services.suppliers import events as suppliers
from services.suppliers import usecases as suppliers_do
from tests import backbone
from tests.callers import OFFICE
from tests.contracts.payloads import golden
from tests.suppliers import bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deploy.local.admin import Admin

VERSIONS = 4
SUBJECTS = ("north", "south")
CATEGORY = "handskar"


@dataclass
class World:
    """Ids of one run's own, so that runs do not meet; rows are compared by the names behind the ids."""

    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids.setdefault(name, str(uuid4()))

    def named(self, text: str) -> str:
        """Put the names where the ids stand."""
        names = {value: name for name, value in self.ids.items()}
        return re.sub("|".join(names) or "$^", lambda found: names[found[0]], text)


@dataclass(frozen=True)
class Queue:
    """A queue with its handler, what arrives in it, and the rows that come of it.

    event: (world, subject's name, version) -> (subject, data). rows: SQL; its parameter is the world's ids.
    """

    service: str
    slices: tuple[Any, ...]
    handle: Callable[..., None]
    event: Callable[[World, str, int], tuple[str, dict[str, Any]]]
    rows: tuple[str, ...]


def a_supplier(world: World, name: str, version: int) -> tuple[str, dict[str, Any]]:
    """A supplier whose name, contacts and contracts are others in each version."""
    data = copy.deepcopy(golden("supplier_registered"))
    [contact, *_], [contract, *_] = data["contacts"], data["contracts"]
    people = [f"{name} person {number}" for number in range(version % 3 + 1)]
    data |= {
        "supplier_id": world[name],
        "legal_name": f"{name} in version {version}",
        "contacts": [
            contact | {"contact_id": world[who], "email": f"v{version}@{name}.example"} for who in people
        ],
        "contracts": [contract | {"category_id": f"category-{version}"}],
    }
    return world[name], data


def a_category(world: World, name: str, version: int) -> tuple[str, dict[str, Any]]:
    data = golden("category_changed") | {
        "category_id": world[name],
        "names": {"sv": f"v{version}"},
        "responsible_area": "ABCDEFGH"[version],
    }
    return world[name], data


def an_assessment(world: World, name: str, version: int) -> tuple[str, dict[str, Any]]:
    grid = [[10.0 * version] * 4 for _ in range(7)]
    data = golden("assessment_completed") | {
        "assessment_id": world[f"{name} assessment {version}"],
        "supplier_id": world[name],
        "category_id": CATEGORY,
        "claimed": grid,
        "critical": [f"Q{number}" for number in range(version % 3)],
    }
    return f"{world[name]}/{CATEGORY}", data


def a_risk(world: World, name: str, version: int) -> tuple[str, dict[str, Any]]:
    data = golden("supplier_risk_rescored") | {
        "supplier_id": world[name],
        "category_id": CATEGORY,
        "score": 10.0 * version,
        "critical_open": version % 3,
    }
    return f"{world[name]}/{CATEGORY}", data


def now(handle: Callable[..., None]) -> Callable[..., None]:
    return lambda tx, batch: handle(tx, batch, clock.now())


# Of the present score all but when, why and what was before it; its result's id is made of a run's own ids.
PRESENT_SCORES = """
    SELECT to_jsonb(s) - '{score_id,result_id,as_of,causes,previous_score,previous_band}'::text[]
    FROM risk_case AS c JOIN risk_score AS s USING (score_id) WHERE c.supplier_id::text = ANY(%s)"""
# Without what is the consumer's own.
RISKS = """
    SELECT to_jsonb(t) - '{case_id,decision_id}'::text[]
    FROM risk_case AS t WHERE supplier_id::text = ANY(%s)"""
# Whoever had left before anybody here heard of them has no row, or an empty one.
CONTACTS = """
    SELECT to_jsonb(t) FROM recipient AS t WHERE supplier_id::text = ANY(%s) AND name IS NOT NULL"""
JUDGEMENTS = "SELECT to_jsonb(t) FROM judgement AS t WHERE supplier_id::text = ANY(%s)"
SUPPLIERS = "SELECT to_jsonb(t) FROM supplier AS t WHERE supplier_id::text = ANY(%s)"
CATEGORIES = "SELECT to_jsonb(t) FROM category AS t WHERE category_id = ANY(%s)"

QUEUES = {
    "assessments.suppliers": Queue(
        "assessments",
        (assessments.SupplierRegistered,),
        assessments_do.project_suppliers,
        a_supplier,
        (SUPPLIERS,),
    ),
    "assessments.categories": Queue(
        "assessments",
        (assessments.CategoryChanged,),
        assessments_do.project_categories,
        a_category,
        (CATEGORIES,),
    ),
    "suppliers.rescore": Queue(
        "suppliers",
        (suppliers.AssessmentCompleted,),
        now(suppliers_do.scoring.rescore_after_assessment),
        an_assessment,
        (JUDGEMENTS, PRESENT_SCORES),
    ),
    "audits.policy": Queue(
        "audits",
        (audits.SupplierRiskRescored,),
        lambda tx, batch: audits_do.decide_after_rescoring(tx, batch, 5, clock.now()),
        a_risk,
        (RISKS,),
    ),
    "audits.suppliers": Queue(
        "audits",
        (audits.SupplierRegistered,),
        audits_do.project_suppliers,
        a_supplier,
        (SUPPLIERS,),
    ),
    "audits.categories": Queue(
        "audits",
        (audits.CategoryChanged,),
        audits_do.project_categories,
        a_category,
        (CATEGORIES,),
    ),
    "notifications.suppliers": Queue(
        "notifications",
        (notifications.SupplierRegistered,),
        now(notifications_do.project_suppliers),
        a_supplier,
        (SUPPLIERS, CONTACTS),
    ),
    "notifications.categories": Queue(
        "notifications",
        (notifications.CategoryChanged,),
        now(notifications_do.project_categories),
        a_category,
        (CATEGORIES,),
    ),
}

Delivery = tuple[str, int, str]  # subject's name, version, "event" or "resync"
# Each version of each subject at least once; copies of the event, and the same told again.
ONCE = [(name, version, "event") for name in SUBJECTS for version in range(1, VERSIONS + 1)]
extras = st.lists(st.tuples(st.sampled_from(ONCE), st.sampled_from(["event", "resync"])), max_size=12)
deliveries = extras.map(lambda more: ONCE + [(n, v, kind) for (n, v, _), kind in more]).flatmap(
    st.permutations
)
cuts = st.lists(st.integers(1, len(ONCE) + 12), max_size=8).map(sorted)


def arrivals(world: World, queue: Queue, order: Sequence[Delivery]) -> list[Message]:
    """The messages of an order; a copy of an event has its id, a resync one of its own."""
    made = []
    for number, (name, version, kind) in enumerate(order):
        subject, data = queue.event(world, name, version)
        resync = kind == "resync"
        event_id = world[f"resync {number}"] if resync else world[f"event {name} {version}"]
        envelope = {"id": event_id, "subject": subject, "version": version, "resync": resync or None}
        made.append(Message(backbone.headers(queue.slices[0].type, **envelope), backbone.body(data)))
    return made


def run(queue_name: str, db: Database, order: Sequence[Delivery], cuts: Sequence[int]) -> list[list[str]]:
    """Let a queue handle an order, cut into batches, in a new world; return its rows by the names in it."""
    queue, world = QUEUES[queue_name], World()
    if queue_name == "suppliers.rescore":
        register(db, world)
    slices = {schema.type: schema for schema in queue.slices}
    handling = Handling(queue_name, slices, queue.handle, db)  # what a consumer does apart from the broker
    messages = arrivals(world, queue, order)
    for start, end in pairwise([0, *[cut for cut in cuts if cut < len(messages)], len(messages)]):
        if start < end:
            handling.handle([handling.read(message) for message in messages[start:end]])
    with db.transaction() as tx, tx.cursor() as cursor:
        return [_rows(cursor, statement, world) for statement in queue.rows]


def _rows(cursor: Any, statement: str, world: World) -> list[str]:
    cursor.execute(statement, [list(world.ids.values())])
    return sorted(world.named(str(sorted(row[0].items()))) for row in cursor.fetchall())


def register(db: Database, world: World) -> None:
    """Make the suppliers known: their cases have scores."""
    with db.transaction() as tx:
        bodies.put_gloves(tx)
        bodies.import_china(tx)
        for name in SUBJECTS:
            known = suppliers_do.registry.register_supplier(tx, bodies.supplier(), OFFICE, clock.now())
            world.ids[name] = str(known["supplier_id"])


@pytest.fixture(scope="module")
def databases(admin: Admin, namespace: str) -> Iterator[dict[str, Database]]:
    """Databases of this module's own: what it commits is nobody else's."""
    name = f"{namespace}_order"
    urls = provision.provision_databases(name, admin)
    for service, dsn in urls.items():
        migrate.migrate(dsn, service)
    opened = {service: Database(dsn, 2) for service, dsn in urls.items()}
    yield opened
    for database in opened.values():
        database.close()
    provision.drop(name, admin)


@pytest.fixture(scope="module")
def ordered(databases: dict[str, Database]) -> dict[str, list[list[str]]]:
    """What each queue makes of every version once, in order, one at a time."""
    each = range(1, len(ONCE))
    return {name: run(name, databases[queue.service], ONCE, each) for name, queue in QUEUES.items()}


def test_every_queue_that_fills_a_projection_is_tried() -> None:
    filled = {
        entrypoint.queue
        for service in (entry.load() for entry in installed().values())
        for entrypoint in declared(service)
        for kept in service.keeps
        if kept.producer == entrypoint.producer
    }
    only_react = {"notifications.risk"}
    assert filled - only_react == set(QUEUES)


@pytest.mark.parametrize("name", sorted(QUEUES))
def test_any_order_with_delays_and_duplicates_ends_in_the_state_of_the_ordered_run(
    name: str, databases: dict[str, Database], ordered: dict[str, list[list[str]]]
) -> None:
    assert all(subject in str(rows) for rows in ordered[name] for subject in SUBJECTS)

    @settings(print_blob=True)
    @given(deliveries, cuts)
    def holds(order: Sequence[Delivery], cuts: Sequence[int]) -> None:
        assert run(name, databases[QUEUES[name].service], order, cuts) == ordered[name]

    holds()
