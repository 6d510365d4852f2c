"""The chain on FastStream with an outbox made by hand: a task publishes what transactions have left there."""

from __future__ import annotations

from functools import partial

from bench.peers import command
from bench.peers.faststream_peer import QUEUES, Stage, drive, produce, run

__all__ = ["LACKS", "QUEUES"]

LACKS = (
    "One whose handler fails comes back at once, without a pause, and is dropped at the queue's delivery "
    "limit instead of parked; an event waits up to 50 ms for the relay at each stage; handlers run side "
    "by side, so that there is no order per subject; who tells must name the queue of who hears."
)

if __name__ == "__main__":
    command.main(lambda role: run(Stage(role, outbox=True)), produce, partial(drive, outbox=True))
