"""A transaction's connection: as few round trips to the server as there are answers to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import psycopg2
import psycopg2.extras
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extensions import connection as psycopg2_connection

from chassis import sql
from chassis.plans import Plans

if TYPE_CHECKING:
    from chassis.access import Identity

_BEGIN, _READ_ONLY = b"BEGIN", b"SET LOCAL transaction_read_only TO on"


class Cursor(psycopg2.extras.NamedTupleCursor):
    """Sends what its connection has not sent yet along with the next statement: a round trip for all."""

    connection: Transaction

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002  psycopg2's name
        """Execute a statement; its result is the last one's."""
        message = self.connection.message(self, query, vars)
        try:
            super().execute(message)  # type: ignore[no-untyped-call]
        except psycopg2.Error:
            self.connection.plans.failed()
            raise
        self.connection.plans.made()


class Transaction(psycopg2_connection):
    """A connection inside a transaction (READ COMMITTED); rows are named tuples.

    A round trip to the server costs more than most statements: each is a switch of green threads and several
    system calls. So BEGIN goes with the first statement, and what was asked for `later` with the next one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with nobody to wake."""
        super().__init__(*args, **kwargs)
        self.plans = Plans()
        self.keeps_plans = True
        self.wakes: set[str] = set()
        self.correlation_id: str | None = None  # of the request or loop that the transaction serves
        self.actor: Identity | None = None  # who asked for it over HTTP, if somebody did
        self._unsent: list[bytes] = []
        self._writer = self.cursor()  # only writes statements down
        self._reads = False

    def begin(self, *, reads: bool = False) -> None:
        """Begin, in psycopg2's autocommit mode; `reads`: each statement is a transaction that cannot write.

        At READ COMMITTED every statement sees what is committed when it starts, inside a longer transaction
        too: who only reads gains nothing by one, and pays its end with a round trip.
        """
        if not self.autocommit:
            self.autocommit = True
        self._reads, self._unsent = reads, [] if reads else [_BEGIN]

    def later(self, query: Any, **values: Any) -> None:
        """Execute a query of queries.sql, whose outcome nobody asks for, before the next statement."""
        self._unsent += self._statements(self._writer, query.sql, values)

    def send(self) -> None:
        """Execute now what was asked for later."""
        if self._unsent:
            self._execute("SELECT")

    def forget_later(self) -> None:
        """Leave what was asked for later: whoever goes back to a savepoint undoes it anyway."""
        self._unsent = []
        self.plans.failed()

    def message(self, cursor: Any, query: Any, values: Any) -> bytes:
        """Return a statement with what has to go before it."""
        first = [_READ_ONLY] if self._reads else []
        unsent, self._unsent = self._unsent, []
        return b"\n;\n".join([*first, *unsent, *self._statements(cursor, query, values)])

    def _statements(self, cursor: Any, query: Any, values: Any) -> list[bytes]:
        plan = sql.plans.get(query) if self.keeps_plans and isinstance(query, str) else None
        if plan is None:
            return [cursor.mogrify(query, values).strip().rstrip(b";")]
        name, made = self.plans.ready(plan)
        executed = cursor.mogrify(f"EXECUTE {name} {plan.execute}", values)
        return [made.encode(), executed] if made else [executed]

    def commit(self) -> None:
        """Commit, together with what has not been sent; what follows is a new transaction."""
        if not self.autocommit:
            self.send()
            super().commit()
        elif self._unsent not in ([], [_BEGIN]) or self.info.transaction_status != TRANSACTION_STATUS_IDLE:
            self._execute("COMMIT")
            self._unsent = [_BEGIN]

    def rollback(self) -> None:
        """Undo everything; what follows is a new transaction."""
        self.forget_later()
        if not self.autocommit:
            super().rollback()
            return
        if self.info.transaction_status != TRANSACTION_STATUS_IDLE:
            reads, self._reads = self._reads, False
            self._execute("ROLLBACK")
            self._reads = reads
        self.begin(reads=self._reads)

    def __exit__(self, kind: Any, *rest: Any) -> None:
        """End as psycopg2's connections do."""
        if kind is None:
            self.commit()
        else:
            self.rollback()

    def __enter__(self) -> Self:
        """Begin as psycopg2's connections do: with the first statement."""
        return self

    def _execute(self, statement: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(statement)

    def wake(self, name: str) -> None:
        """Wake the loop called `name` in this process once the transaction has been committed."""
        self.wakes.add(name)
