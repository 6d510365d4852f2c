"""The chain on FastStream's subscribers and publishers (RabbitMQ), and asyncpg."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from bench.peers import async_steps, command, steps
from bench.peers.messages import HEARD_BY, Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from bench.peers.command import Moments

QUEUES = {"scores": "faststream.scores", "plans": "faststream.plans", "notes": "faststream.notes"}
LACKS = (
    "An event is lost if the process dies between commit and publish; one whose handler fails comes back "
    "at once, without a pause, and is dropped at the queue's delivery limit instead of parked; no order "
    "per subject; who tells must name the queue of who hears."
)
CONCURRENCY = int(os.environ.get("FASTSTREAM_CONCURRENCY", "20"))
POOL = int(os.environ.get("FASTSTREAM_POOL", "5"))


def queue(role: str) -> RabbitQueue:
    """Return the quorum queue that a role reads."""
    return RabbitQueue(QUEUES[role], queue_type=QueueType.QUORUM)


class Stage:
    """A role's subscriber, with its broker and its pool; what is prefetched is handled side by side."""

    def __init__(self, role: str, *, outbox: bool = False) -> None:
        """Connect nowhere yet."""
        self.broker = RabbitBroker(os.environ["AMQP_URL"], logger=None, apply_types=False)
        self.app = FastStream(self.broker, lifespan=self.lifespan, logger=None)
        self.publishers = {
            kind: self.broker.publisher(queue(hears), persist=True) for kind, hears in HEARD_BY.items()
        }
        self.outbox = outbox
        self.pool: Any = None
        if outbox:
            self.app.after_startup(self.start_relay)

        @self.broker.subscriber(
            queue(role),
            channel=Channel(prefetch_count=CONCURRENCY),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
        )
        async def handle(message: Message) -> None:
            for told in await async_steps.handle(self.pool, role, QUEUES[role], message, outbox=outbox):
                await self.publish(told)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Have a pool for as long as the service runs."""
        self.pool = await async_steps.pool(POOL)
        yield
        await self.pool.close()

    async def start_relay(self) -> None:
        """Publish every 50 ms what the outbox holds."""
        self.relay = asyncio.create_task(async_steps.relay(self.pool, self.publish))
        self.app.on_shutdown(self.relay.cancel)

    async def publish(self, message: Message) -> None:
        """Publish to the queue of who hears it, confirmed."""
        await self.publishers[message["type"]].publish(message)


def run(stage: Stage) -> None:
    """Run until SIGTERM, as `faststream run` does it."""
    asyncio.run(stage.app.run())


@asynccontextmanager
async def publishing() -> AsyncIterator[Any]:
    """Give the publisher of first messages, with all queues declared."""
    async with RabbitBroker(os.environ["AMQP_URL"], logger=None) as broker:
        for role in QUEUES:
            await broker.declare_queue(queue(role))
        yield broker.publisher(queue("scores"), persist=True)


def produce(items: Iterable[Message]) -> None:
    """Publish each."""

    async def run() -> None:
        async with publishing() as publisher:
            for message in items:
                await publisher.publish(message)

    asyncio.run(run())


def drive(items: Moments, *, outbox: bool = False) -> None:
    """Keep and tell each; with an outbox, a relay in this process tells."""

    async def run() -> None:
        async with publishing() as publisher, await async_steps.pool(2) as pool:
            relay = asyncio.create_task(async_steps.relay(pool, publisher.publish)) if outbox else None
            async for message in items:
                await async_steps.add_assessment(pool, message, outbox=outbox)
                if not outbox:
                    await publisher.publish(message)
            if relay:
                while await async_steps.waiting(pool):
                    await asyncio.sleep(steps.RELAY_SECONDS)
                relay.cancel()

    asyncio.run(run())


if __name__ == "__main__":
    command.main(lambda role: run(Stage(role)), produce, drive)
