"""Three broker nodes, two replicas of each service, a load: nodes and replicas go, nothing goes with them."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.backbone import wait_until
from tests.chaos import ledger, report
from tests.chaos.cluster import Cluster
from tests.chaos.load import Load
from tests.chaos.rest import await_rest
from tests.chaos.row import broken
from tests.chaos.stage import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.management import Management
    from tests.chaos.books import Books
    from tests.chaos.load import Book
    from tests.chaos.stage import Ground

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # boots three brokers; the rest may take 240 s

SEED, CHAINS = 5, 4
# case -> how many of the kind
_COMPLETED = """SELECT supplier_id::text || '/' || category_id, count(*) FROM assessment
WHERE state = 'completed' GROUP BY 1"""
_CAUSES = (
    "SELECT supplier_id::text || '/' || category_id, sum(cardinality(causes)) FROM risk_score GROUP BY 1"
)
_SCORES = "SELECT supplier_id::text || '/' || category_id, count(*) FROM risk_score GROUP BY 1"
_EVENTS = "SELECT supplier_id::text || '/' || category_id, sum(cardinality(events)) FROM decision GROUP BY 1"
_TOLD = """SELECT supplier_id::text || '/' || category_id, count(*) FROM occasion
WHERE kind = 'assessment_completed' GROUP BY 1"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three nodes."""
    nodes = Cluster(tmp_path)
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.stop()


@pytest.fixture
def vhost(cluster: Cluster) -> tuple[str, Management]:
    """The services know all three nodes; what the ledger asks is up at the end."""
    return cluster.amqp_url, cluster.management(2)


def moves_on(books: Books, book: Book) -> None:
    """Wait until chains that end from now on have come all their way through the broker."""
    enough = len(book.accepted["completions"]) + CHAINS
    wait_until(lambda: len(book.accepted["completions"]) >= enough, 120)
    completed = books.mapping("assessments", _COMPLETED)
    comes_to(books, "notifications", _TOLD, completed)
    registered_and_completed = {case: 1 + count for case, count in completed.items()}
    comes_to(books, "suppliers", _CAUSES, registered_and_completed)
    comes_to(books, "audits", _EVENTS, books.mapping("suppliers", _SCORES))


def comes_to(books: Books, service: str, query: str, due: dict[str, int]) -> None:
    """Wait until there are as many for each case as are due, or more: the load goes on."""

    def all_there() -> bool:
        found = books.mapping(service, query)
        return all(found.get(case, 0) >= count for case, count in due.items())

    wait_until(all_there, 120)


def fault(cluster: Cluster, ground: Ground, books: Books, book: Book, node: int, how: signal.Signals) -> None:
    """End the node that all are connected to, then one replica of each service; then start them again."""
    replica = ground.replicas.sets[node]
    wait_until(lambda: cluster.clients(node) and not any(map(cluster.clients, {0, 1, 2} - {node})))
    cluster.end_node(node, how)
    moves_on(books, book)
    ground.replicas.await_ready()
    endings = [replica.stop(service, how) for service in SERVICES]
    assert endings == [0 if how == signal.SIGTERM else -how] * len(SERVICES)
    moves_on(books, book)
    for service in SERVICES:
        replica.start(service)
    ground.replicas.await_ready()
    cluster.start_node(node)
    moves_on(books, book)
    wait_until(cluster.is_whole, 60)


def test_nodes_and_replicas_that_go_under_load_take_nothing_with_them(
    cluster: Cluster, ground: Ground, books: Books
) -> None:
    wait_until(cluster.is_whole, 60)
    load = Load(ground.replicas, SEED)
    load.start()
    try:
        moves_on(books, load.book)
        fault(cluster, ground, books, load.book, 0, signal.SIGTERM)
        fault(cluster, ground, books, load.book, 1, signal.SIGKILL)
    finally:
        load.stop()
    rested = await_rest(ground, books)
    drawn = ledger.draw_up(ground, books, load.book, set())
    sys.stdout.write("\n".join([*report.table(drawn, load.book), ""]))
    assert rested is not None
    assert broken(drawn.rows) == {}
