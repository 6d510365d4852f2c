"""Queues are there before traffic: who has not started loses nothing; the broker holds what the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from chassis import broker, outbox, topology
from chassis.consume import Consumer
from chassis.depths import Depth, depths
from chassis.events import Event
from chassis.relay import Relay
from deploy.local import provision
from tests.backbone import wait_until
from tests.chassis.bench import count, emit, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TYPES = {"thing_made"}


@pytest.fixture
def vhost(admin: Any, namespace: str) -> Iterator[Callable[[str], str]]:
    """`vhost(name)` makes an empty one and returns its URL."""
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"{namespace}_{name}")
        return provision.provision_vhost(made[-1], admin)

    yield make
    for name in made:
        provision.drop(name, admin)


@pytest.fixture
def api(admin: Any) -> Callable[..., Any]:
    """The management API: `api(method, path, body)`."""
    parts = urlsplit(admin.management_url)
    address = f"{parts.scheme}://{parts.hostname}:{parts.port}/api"

    def call(method: str, path: str, body: Any = None) -> Any:
        login = (parts.username or "", parts.password or "")
        answer = requests.request(method, address + path, json=body, auth=login, timeout=20)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    return call


def in_order(document: dict[str, Any]) -> dict[str, Any]:
    """Return exchanges, queues and bindings, each in an order of its own."""
    kinds = ("exchanges", "queues", "bindings")
    return {kind: sorted(document[kind], key=lambda row: sorted(map(str, row.items()))) for kind in kinds}


def held_by_broker(api: Callable[..., Any], url: str) -> dict[str, Any]:
    """Return what a vhost holds, in the file's form; the broker leaves out what is its own."""
    return in_order(api("GET", f"/definitions{urlsplit(url).path}"))


def test_the_file_loads_into_an_empty_vhost_and_equals_what_apply_declares(vhost, api):
    loaded, applied = vhost("loaded"), vhost("applied")
    api("POST", f"/definitions{urlsplit(loaded).path}", topology.load())
    topology.apply(applied)
    assert held_by_broker(api, loaded) == in_order(topology.load())
    assert held_by_broker(api, applied) == in_order(topology.load())


def test_apply_twice_and_over_what_was_loaded_changes_nothing(vhost, api):
    url = vhost("twice")
    api("POST", f"/definitions{urlsplit(url).path}", topology.load())
    before = held_by_broker(api, url)
    topology.apply(url)
    topology.apply(url)
    assert held_by_broker(api, url) == before


@pytest.fixture
def early_and_late(vhost: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A vhost with two consumers' queues for the same type, as `kedja topology apply` leaves it."""
    consumed = {"things.early": ("things", TYPES), "things.late": ("things", TYPES)}
    file = tmp_path / "topology.json"
    file.write_text(topology.text(topology.definitions(["things"], consumed)))
    monkeypatch.setattr(topology, "FILE", file)
    url: str = vhost("early_and_late")
    topology.apply(url)
    return url


def test_a_consumer_that_has_never_started_loses_nothing(early_and_late, db, start, things):
    from services.things.events import MadeSlice  # noqa: PLC0415  importable once the fixtures are loaded

    slices = {"thing_made": MadeSlice}
    names = [f"{number:03}" for number in range(200)]
    start(Consumer("things.early", slices, count, db, early_and_late))
    start(Relay("things.events", topology.bound_types("things.events"), db, early_and_late))
    emit(db, *names)
    wait_until(lambda: things.times() == dict.fromkeys(names, 1))
    early, late = depths(early_and_late).values()
    assert early == Depth(ready=0, at_most=500, in_hand=None, consumers=1)
    assert late == Depth(ready=200, at_most=0, in_hand=0, consumers=0)
    start(Consumer("things.late", slices, count, db, early_and_late))
    wait_until(lambda: things.times() == dict.fromkeys(names, 2))


def test_a_type_that_nobody_consumes_stops_no_other(early_and_late, db, start, things):
    from services.things.events import ThingLost  # noqa: PLC0415  importable once the fixtures are loaded

    lost = [Event(schema=ThingLost, subject=name, data={"name": name}) for name in ("b", "d")]
    with db.transaction() as tx:
        outbox.emit(tx, [*made("a"), lost[0], *made("c"), lost[1], *made("e")])
    start(Relay("things.events", topology.bound_types("things.events"), db, early_and_late))
    wait_until(lambda: not things.outbox())
    with broker.channel(early_and_late) as channel:
        queues = ("things.early", "things.late")
        waiting = {name: channel.queue_declare(name, passive=True).message_count for name in queues}
    assert waiting == {"things.early": 3, "things.late": 3}


def released(file: Any, consumed: dict[str, Any]) -> None:
    """Generate the definitions of a release, as `kedja topology generate` does over the one before."""
    before = topology.load() if file.exists() else None
    file.write_text(topology.text(topology.definitions(["things"], consumed, before)))


def bound(api: Any, url: str) -> set[tuple[str, str]]:
    held = held_by_broker(api, url)["bindings"]
    return {(each["destination"], each["routing_key"]) for each in held}


def test_what_no_release_reads_any_more_is_unbound_and_can_be_bound_again(vhost, api, tmp_path, monkeypatch):
    file = tmp_path / "topology.json"
    monkeypatch.setattr(topology, "FILE", file)
    url = vhost("withdrawn")
    whole = {
        "things.early": ("things", ["thing_lost", "thing_made"]),
        "things.late": ("things", ["thing_made"]),
    }
    less = {"things.early": ("things", ["thing_made"])}  # a type and a whole queue fewer
    everything = {
        ("things.early", "thing_lost"),
        ("things.early", "thing_made"),
        ("things.late", "thing_made"),
    }
    released(file, whole)
    topology.apply(url)
    assert bound(api, url) == everything
    for _ in range(2):  # also the release after
        released(file, less)
        topology.apply(url)
        topology.apply(url)
        assert bound(api, url) == {("things.early", "thing_made")}
    topology.apply(vhost("new"))  # where none of it ever was
    api("POST", f"/definitions{urlsplit(url).path}", topology.load())
    assert bound(api, url) == {("things.early", "thing_made")}
    released(file, whole)
    topology.apply(url)
    assert (bound(api, url), topology.load()["withdrawn"]) == (everything, [])
