"""Events in any order end in the same mails."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from chassis import broker
from chassis.db import connect
from tests.backbone import wait_until
from tests.e2e import outcome, people, scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LATE = ("notifications.suppliers", "notifications.categories")
WORTH_NOTICING = 4  # invited, completed, band changed, audit confirmed
DAY, LINK = re.compile(r"\b\d{1,2} [a-z]+ \d{4}\b"), re.compile(r"respond#\S+")


@contextmanager
def withheld(amqp: str, queues: Sequence[str]) -> Iterator[int]:
    """Keep what is in the queues from their consumer while the block runs; gives the number of messages."""
    with broker.channel(amqp) as channel:
        taken = [
            channel.basic_get(queue)
            for queue in queues
            for _ in range(channel.queue_declare(queue, passive=True).message_count)
        ]
        yield len([message for message in taken if message])


def held(chain: Any, case: people.Case) -> int:
    """How many events about the supplier still lack somebody to tell."""
    with closing(connect(chain.env["notifications"]["DATABASE_URL"])) as conn, conn.cursor() as cursor:
        query = "SELECT count(*) FROM occasion WHERE NOT settled AND supplier_id = %s"
        cursor.execute(query, [case.supplier_id])
        return int(cursor.fetchone()[0])


def mails(chain: Any, case: people.Case) -> list[tuple[str, str]]:
    """(To, text) of every mail about the case, without what differs between two cases."""
    word = case.supplier["legal_name"].split()[1]
    texts = [(str(mail["To"]), outcome.text(mail)) for mail in outcome.mails_about(chain, case)]
    return sorted(
        (to.replace(word, "…"), DAY.sub("…", LINK.sub("…", text.replace(word, "…")))) for to, text in texts
    )


@pytest.mark.slow
def test_notices_whose_supplier_and_category_arrive_last_go_out_as_if_they_had_come_first(
    chain: Any, amqp: str
) -> None:
    category = "e2e-held"
    assert chain.stop("notifications") == 0
    scene.put_category(chain, category)
    [case] = people.invite(chain, people.register(chain, category_id=category))
    people.under_review(chain, [case])
    assert people.complete(chain, case).status_code == 200
    wait_until(lambda: outcome.decisions(chain, case)[-1:] and outcome.decisions(chain, case)[-1]["row"] == 7)
    wait_until(lambda: chain.ops("audits", "/backlog").json()["outbox_pending"] == 0)

    with withheld(amqp, LATE) as messages:
        assert messages == 2
        chain.start("notifications")
        chain.await_ready("notifications")
        wait_until(lambda: held(chain, case) == WORTH_NOTICING)
        assert outcome.mails_about(chain, case) == []
    outcome.await_outcome(chain, [case])
    [usual] = people.invite(chain, people.register(chain, category_id=category))
    people.under_review(chain, [usual])
    assert people.complete(chain, usual).status_code == 200
    outcome.await_outcome(chain, [usual])
    assert mails(chain, case) == mails(chain, usual)
