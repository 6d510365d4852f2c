"""Whose fault an exception is: the machinery's (wait and redo) or the event's (set it aside)."""

from __future__ import annotations

from enum import Enum

import amqp
import kombu.exceptions
import psycopg2

BROKER_ERRORS = (amqp.AMQPError, kombu.exceptions.KombuError, OSError)


class Fault(Enum):
    """What to do about an exception."""

    INFRASTRUCTURE = "back off and redo; no event's attempt is spent"
    CONTENTION = "another transaction was in the way: redo at once"
    EVENT = "the event or its handler is wrong: set that event aside"


# SQLSTATE classes (PostgreSQL documentation, appendix A): connection, resources, operator intervention,
# system (disk), configuration file
_INFRASTRUCTURE_CLASSES = ("08", "53", "57", "58", "F0")
READ_ONLY = "25006"  # the server was primary and is a standby now
_QUERY_CANCELED = "57014"  # our own statement_timeout: the statement is too slow, not the server away
_LOCK_NOT_AVAILABLE = "55P03"
_TRANSACTION_ROLLBACK = "40"


# Cardinality and data exceptions: a value that does not fit today does not fit in an hour either.
_HOPELESS_CLASSES = ("21", "22")


def hopeless(fault: BaseException) -> bool:
    """Tell whether trying the same event again cannot help, as long as the code stays the same."""
    if isinstance(fault, psycopg2.Error):
        return (fault.pgcode or "").startswith(_HOPELESS_CLASSES)
    return isinstance(fault, OverflowError)


def lasting(fault: BaseException) -> bool:
    """Tell whether the same work would go wrong again, as long as the code and the data stay the same."""
    return hopeless(fault) or not isinstance(fault, psycopg2.Error)


def classify(fault: BaseException) -> Fault:
    """Return whose fault it is (docs/architecture.md, section 4.5).

    Handlers talk to the database only, so nothing but its errors can be the machinery's fault.
    """
    if not isinstance(fault, psycopg2.Error):
        return Fault.EVENT
    state = fault.pgcode
    if state is None:
        away = isinstance(fault, psycopg2.OperationalError | psycopg2.InterfaceError)
        return Fault.INFRASTRUCTURE if away else Fault.EVENT
    if state.startswith(_TRANSACTION_ROLLBACK):
        return Fault.CONTENTION
    if state == _QUERY_CANCELED:
        return Fault.EVENT
    waits = state in {_LOCK_NOT_AVAILABLE, READ_ONLY} or state.startswith(_INFRASTRUCTURE_CLASSES)
    return Fault.INFRASTRUCTURE if waits else Fault.EVENT


def classify_our_own(fault: BaseException) -> Fault:
    """Return the same for statements of the backbone's own: no event can be at fault."""
    if isinstance(fault, psycopg2.Error) and classify(fault) is Fault.EVENT:
        return Fault.INFRASTRUCTURE
    return classify(fault)
