"""How much processor time a part of an import may take: a file can be made to be read for hours."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN_SECONDS = 1.0  # a library may have swallowed the first


class OutOfTimeError(BaseException):
    """A part took more processor time than it may: no Exception, for readers forgive those of libraries."""


@contextmanager
def at_most(seconds: float, what: str) -> Iterator[None]:
    """Raise OutOfTimeError, with `what` was being done, once this process has worked so long in the block.

    For the main thread only. Time in which others have the processor does not count.
    """
    told = []

    def over(*_: object) -> None:
        told.append(OutOfTimeError(what))
        raise told[-1]

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_SECONDS)
    try:
        yield
    except BaseException as fault:
        if told and not isinstance(fault, OutOfTimeError):  # a library has made another of it
            raise told[0] from fault
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
