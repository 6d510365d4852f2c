"""Records of tries: the end of one and the beginning of the next are committed together, for all who wait.

Each sender waits until its own step is committed, so that every mail is still recorded by itself before its
sender goes on. Steps that come while a transaction is under way share the next one: nobody waits for company.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg2

from chassis import clock
from services.notifications import repository
from services.notifications.rules import SENDING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chassis.db import Begin
    from services.notifications.domain import Mail, Tried

_SECONDS_BETWEEN_TRIES = 1


@dataclass(eq=False, slots=True)
class Step:
    """What a sender wants committed: how its try ended, and which mail it tries next; either may be missing.

    lease_until: until when the next one is the sender's, once it is `done`; None if it is another sender's.
    begun: each `until` under which it may have been begun without our hearing of it.
    """

    ended: Tried | None
    following: Mail | None
    done: bool = False
    lease_until: datetime | None = None
    begun: list[datetime] = field(default_factory=list)


class Desk:
    """Where the senders of a process hand in their steps."""

    def __init__(self, begin: Begin) -> None:
        """Nobody waits yet."""
        self._begin, self._turn = begin, threading.Lock()
        self._waiting: deque[Step] = deque()

    def settle(self, ended: Tried | None, following: Mail | None, until: datetime) -> datetime | None:
        """Commit a step and return until when the following mail is ours, None if it is not.

        Through faults of the database too, until `until`: only this keeps the mail that ended from going
        again, and of a try that was begun and left, the mail waits for the whole lease.
        """
        step = Step(ended, following)
        while True:
            try:
                self._take_turn(step)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                if clock.now() > until:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                return step.lease_until

    def _take_turn(self, step: Step) -> None:
        self._waiting.append(step)
        with self._turn:
            if step.done:
                return
            steps = [self._waiting.popleft() for _ in range(len(self._waiting))]
            others = [other for other in steps if other is not step]
            try:
                self._commit(steps)
            except BaseException as fault:
                self._waiting.extend(others)
                if not others or not isinstance(fault, Exception):
                    raise
                self._commit([step])  # what is wrong may be another's, and must not become ours

    def _commit(self, steps: Sequence[Step]) -> None:
        until = clock.now() + SENDING.lease
        tried = [step.ended for step in steps if step.ended]
        following = [(step.following, step.begun) for step in steps if step.following]
        for _, begun in following:
            begun.append(until)
        concerned = [*(each.mail for each in tried), *(mail for mail, _ in following)]
        with self._begin() as tx:
            repository.lock_notices(tx, [mail.notice_id for mail in concerned])
            repository.record(tx, tried)
            ours = repository.begin_attempts(tx, following, until)
        for step in steps:
            step.done = True
            if step.following and step.following.notice_id in ours:
                ours.remove(step.following.notice_id)  # one sender's only, whoever else claimed it too
                step.lease_until = until
