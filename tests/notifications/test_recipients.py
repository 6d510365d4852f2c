"""Where people are reached: who writes it says what they have seen, and one of two writers wins."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest

from chassis.errors import NotFound, PreconditionFailed
from chassis.http import Expectation
from services.notifications import usecases
from tests.backbone import wait_until
from tests.notifications.steps import NOW, confirmed, told, write

SEEN = Expectation(frozenset({1}))


def read(tx: Any, auditor: str) -> dict[str, Any]:
    return usecases.get_recipient(tx, "auditor", auditor)


def test_an_address_that_is_taken_away_is_not_there_and_can_be_written_anew(tx: Any) -> None:
    auditor = str(uuid4())
    write(tx, "auditor", auditor, "a@revision.example")
    with pytest.raises(PreconditionFailed):
        usecases.forget_recipient(tx, "auditor", auditor, Expectation(frozenset({2})))
    usecases.forget_recipient(tx, "auditor", auditor, SEEN)
    with pytest.raises(NotFound):
        read(tx, auditor)
    with pytest.raises(NotFound):
        usecases.forget_recipient(tx, "auditor", auditor, SEEN)
    wanted = {"name": "A", "email": "b@revision.example", "language": "sv"}
    with pytest.raises(PreconditionFailed):
        usecases.save_recipient(tx, "auditor", auditor, wanted, SEEN)
    again = usecases.save_recipient(tx, "auditor", auditor, wanted, Expectation(absent=True))
    assert again == read(tx, auditor) == {"kind": "auditor", "id": auditor, "version": 3, **wanted}


def test_what_was_queued_for_an_address_that_is_taken_away_waits_for_another(tx: Any, acme: Any) -> None:
    auditor, (supplier, _) = uuid4(), acme
    write(tx, "auditor", auditor, "a@revision.example")
    usecases.take_note(tx, [confirmed(supplier, auditor)], NOW)

    def state() -> list[str]:
        return [row[3] for row in told(tx, supplier) if row[1] == "auditor"]

    before = state()
    usecases.forget_recipient(tx, "auditor", str(auditor), SEEN)
    after = state()
    write(tx, "auditor", auditor, "b@revision.example")
    assert (before, after, state()) == (["queued"], ["no_address"], ["queued"])


def test_of_two_who_take_the_same_address_away_or_write_it_one_is_refused(db: Any) -> None:
    """The second has read, and found its condition to hold, before the first commits."""
    auditor, refused = str(uuid4()), []
    with db.transaction() as tx:
        write(tx, "auditor", auditor, "a@revision.example")

    def forget_too() -> None:
        try:
            with db.transaction() as second:
                usecases.forget_recipient(second, "auditor", auditor, SEEN)
        except PreconditionFailed:
            refused.append(auditor)

    other = threading.Thread(target=forget_too)
    with db.transaction() as first:
        wanted = {"name": "B", "email": "b@revision.example", "language": "en"}
        usecases.save_recipient(first, "auditor", auditor, wanted, SEEN)
        other.start()
        with db.transaction(reads=True) as bystander, bystander.cursor() as cursor:
            wait_until(lambda: waits(cursor))  # a transaction would see what it saw the first time
    other.join(20)
    assert refused == [auditor]
    with db.transaction() as tx:
        assert read(tx, auditor) == {"kind": "auditor", "id": auditor, "version": 2, **wanted}


def waits(cursor: Any) -> Any:
    cursor.execute(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return cursor.fetchone()
