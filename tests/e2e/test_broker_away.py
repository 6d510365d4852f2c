"""RabbitMQ away: people go on working, and the chain goes on when it is back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.backbone import wait_until
from tests.e2e import people, scene
from tests.e2e.outcome import await_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proxy import Proxy


@contextmanager
def back_afterwards(chain: Any, broker: Proxy) -> Iterator[None]:
    """Whatever happens in the block, the broker is there after it."""
    try:
        yield
    finally:
        broker.refuse()
        broker.restore()
        for service in chain.env:
            chain.await_ready(service)


def is_without_broker(chain: Any, service: str) -> bool:
    """Whether a service says that its database stands and all that it needs of the broker does not."""
    answer = chain.ops(service, "/readyz")
    parts = answer.json()
    return answer.status_code == 503 and parts.pop("database") and not any(parts.values())


def test_while_rabbitmq_is_away_people_go_on_and_the_chain_completes_afterwards(
    chain: Any, broker: Proxy
) -> None:
    reviewed = people.ready_to_complete(chain, 8)
    invited = people.invite(chain, people.register(chain, 4))
    with back_afterwards(chain, broker):
        assert people.complete_all(chain, reviewed, halfway=broker.refuse) == {200: 8}
        wait_until(lambda: all(is_without_broker(chain, service) for service in chain.env))
        people.under_review(chain, invited)
        assert people.complete_all(chain, invited) == {200: 4}
        registered = people.register(chain, 2)
        scene.put_category(chain, "e2e-while-away")
        assert {chain.ops(service, "/healthz").status_code for service in chain.env} == {200}
        assert chain.ops("suppliers", "/backlog").json()["outbox_pending"] > 0
        assert chain.ops("assessments", "/backlog").json()["outbox_pending"] > 0

    later = people.invite(chain, registered)
    people.under_review(chain, later)
    assert people.complete_all(chain, later) == {200: 2}
    await_outcome(chain, [*reviewed, *invited, *later])


@pytest.mark.slow
def test_events_that_a_broken_connection_swallowed_are_published_again_and_none_is_doubled(
    chain: Any, broker: Proxy
) -> None:
    cases = people.ready_to_complete(chain, 12)
    with back_afterwards(chain, broker):
        assert people.complete_all(chain, cases, halfway=lambda: broker.cut_after(4000)) == {200: 12}
    await_outcome(chain, cases)
