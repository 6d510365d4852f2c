"""What `make bench` measures Kedja beside: the same chain on other stacks, each as its users write it.

Three stages, a process each, on the tables of bench/chain/kedja: `scores` hears assessment_completed,
scores the case and tells score_changed; `plans` plans an audit and tells audit_planned; `notes` keeps a
notice. All have durable quorum queues, persistent messages, publisher confirms, acknowledgement after the
commit, and the chassis' inbox against what comes twice. `LACKS` of each module says which of Kedja's
guarantees it goes without.

What a stage does with its rows is the same for all: `steps` (psycopg2) and `async_steps` (asyncpg) keep
events once and call bench/chain/business, as Kedja's side does; BENCH_BUSINESS says which.

To add a peer, write a module with

- `QUEUES`: role -> name of the queue that it reads, which is what `inbox.queue` holds as well;
- `LACKS`: a sentence;
- `command.main(work, produce, drive)` when it is run: see `command`. AMQP_URL and DATABASE_URL say where.

Importing it connects nowhere. `python -m bench.chain --peers NAME --chains 500` tries it.
"""

NAMES = (
    "nameko_peer",
    "nameko_outbox",
    "faststream_peer",
    "faststream_outbox",
    "celery_peer",
    "dramatiq_peer",
)
ROLES = ("scores", "plans", "notes")
