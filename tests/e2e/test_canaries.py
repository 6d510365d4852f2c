"""Canaries over all four services: which may stand where, and that they stand nowhere else."""

from __future__ import annotations

import json

import pytest

from tests.backbone import wait_until
from tests.canaries import found, tables
from tests.e2e import rows
from tests.e2e.canaries import PERSONAL, sing
from tests.e2e.outcome import text

# Where it is kept on purpose. Stored answers (idempotency_key) hold what the client was shown. An outbox
# holds contacts while supplier_registered waits for the broker, and import_chunk the file until its import
# is done: both are empty by then.
KEPT = {
    ("contact's name", "suppliers.contact"),
    ("contact's address", "suppliers.contact"),
    ("contact's name", "suppliers.idempotency_key"),
    ("contact's address", "suppliers.idempotency_key"),
    ("contact's name", "notifications.recipient"),
    ("contact's address", "notifications.recipient"),
    ("auditor's name", "audits.auditor"),
    ("auditor's name", "notifications.recipient"),
    ("auditor's address", "notifications.recipient"),
    ("person's number", "suppliers.identifier"),
    ("person's number", "suppliers.idempotency_key"),
    ("person's own number", "suppliers.own_number"),
    ("person's own number", "suppliers.idempotency_key"),
    ("free text", "assessments.assessment"),
    ("imported name", "suppliers.contact"),
    ("imported address", "suppliers.contact"),
    ("imported name", "notifications.recipient"),
    ("imported address", "notifications.recipient"),
    ("key", "suppliers.idempotency_key"),
}


@pytest.fixture(scope="module")
def song(chain):
    return sing(chain)


def stored(platform):
    """All that stands in all databases: service.table -> text."""
    for service in platform.env:
        wait_until(
            lambda service=service: rows.ask(platform, service, "SELECT count(*) FROM outbox")[0][0] == 0
        )
    return {
        f"{service}.{table}": content
        for service in platform.env
        for table, content in tables(
            lambda statement, service=service: [row[0] for row in rows.ask(platform, service, statement)]
        ).items()
    }


def told(platform):
    """What the processes tell whoever runs them."""
    logs = {f"{service}'s log": platform.log(service) for service in platform.env}
    assert all(logs.values())
    ops = {
        f"{service}{path}": platform.ops(service, path).text
        for service in platform.env
        for path in ("/metrics", "/backlog", "/readyz")
    }
    return logs | ops


def test_nothing_stands_in_a_log_a_metric_or_an_answer_that_refuses(chain, song):
    refusals = {
        f"refusal {n} {said[-600:]}": said for n, (status, said) in enumerate(song.said) if status >= 400
    }
    assert found(told(chain) | refusals, song.secrets | PERSONAL) == set()


def test_no_answer_tells_a_secret(song):
    assert found({"answers": "\n".join(said for _, said in song.said)}, song.secrets) == set()


def test_databases_hold_each_value_where_it_is_kept_on_purpose_and_nowhere_else(chain, song):
    assert found(stored(chain), song.secrets | PERSONAL) == KEPT


def test_a_code_stands_in_its_own_mail_and_a_person_in_ones_own(chain, song):
    bodies = {n: f"{text(mail)}\n{mail}" for n, mail in enumerate(chain.mailbox.mails)}
    assert bodies
    holds = found(bodies, song.secrets | PERSONAL)
    carriers = [chain.mailbox.mails[n] for name, n in holds if name == "code"]
    assert [mail["To"].addresses[0].addr_spec for mail in carriers] == [PERSONAL["contact's address"]]
    others = {
        (name, n)
        for name, n in holds
        if name != "code" and PERSONAL["contact's address"] not in chain.mailbox.mails[n]["To"]
    }
    assert others == set()
    assert {name for name, _ in holds} <= {"code", "contact's name", "contact's address"}


def test_every_line_of_every_log_is_one_json_object_of_ours(chain, song):
    for service in chain.env:
        lines = chain.log(service).splitlines()
        assert [line for line in lines if "event" not in json.loads(line)] == []
