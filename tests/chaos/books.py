"""The databases as a bystander reads them: past every proxy, one look a transaction."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from chassis.db import connect

if TYPE_CHECKING:
    from types import TracebackType

    from chassis.db import Transaction


class Books:
    """An open connection per service's database."""

    def __init__(self, urls: dict[str, dict[str, str]]) -> None:
        """Connect."""
        self._stack = ExitStack()
        self.tx: dict[str, Transaction] = {}
        for service, own in urls.items():
            self.tx[service] = connect(own["DATABASE_URL"])
            self._stack.callback(self.tx[service].close)

    def __enter__(self) -> Books:
        """Return the books."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: TracebackType | None) -> None:
        """Disconnect."""
        self._stack.close()

    def rows(self, service: str, statement: str, **values: Any) -> list[Any]:
        """Return rows as named tuples."""
        with self.tx[service] as tx, tx.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def column(self, service: str, statement: str, **values: Any) -> list[Any]:
        """Return the values of a single column."""
        return [row[0] for row in self.rows(service, statement, **values)]

    def mapping(self, service: str, statement: str, **values: Any) -> dict[Any, Any]:
        """Return first column -> second column."""
        return {row[0]: row[1] for row in self.rows(service, statement, **values)}
