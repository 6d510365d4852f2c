"""The last net under the logs: what looks like a secret is masked, what tells what happened is not."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time

import pytest

from chassis import links, masks
from chassis.ids import uuid7
from tests.tokens import OFFICE

CODE = links.code("a key", uuid7(), 1)
TOKEN = OFFICE["Authorization"]
# Names that are the same in every process: what is secret is not
KINDS = [
    "token", "bytes", "half", "basic", "bearer", "dsn", "amqp",
    "libpq", "json", "query", "link", "code", "session", "person",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"header {TOKEN}", TOKEN.split()[1]),
        (f"b'{TOKEN.split()[1]}'", TOKEN.split()[1]),
        (TOKEN.split()[1][:40], TOKEN.split()[1][:40]),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Bearer abc.def", "abc.def"),
        ('could not connect to "postgresql://kedja:h%2Fx@db:5432/x"', "h%2Fx"),
        ("amqp://u:p@ss@host/vhost", "p@ss"),
        ("FATAL: password=hunter2 host=db", "hunter2"),
        ('{"code": "shorty", "id": 1}', "shorty"),
        ("/sessions?token=abc&x=1", "abc"),
        (f"https://kedja.example/respond#01-{CODE}", CODE),
        (f"the link {CODE}.", CODE),
        ("session " + secrets.token_urlsafe(32).replace("-", "x"), None),
        ("Key (email)=(anna.larsson@region.example) already exists", "anna.larsson@region.example"),
    ],
    ids=KINDS,
)
def test_a_secret_in_a_text_is_masked(text, secret):
    shown = masks.masked(text)
    assert "***" in shown
    assert secret is None or secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "01a1fde8-362f-728f-8fcc-56a55bb5b791",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "/api/v1/suppliers/suppliers/{supplier_id}",
        "psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint",
        'File "/app/chassis/http/seam.py", line 12, in respond',
        "suppliers.assessment_completed",
        "error 404 decoded tokens",
    ],
)
def test_what_tells_what_happened_stays(text):
    assert masks.masked(text) == text


def test_values_under_telling_names_are_masked_at_any_depth():
    line = {
        "event": "x",
        "link_code": "a",
        "headers": {"Authorization": "b", "Host": "c"},
        "status_code": 200,
    }
    assert masks.mask(None, "info", line) == {
        "event": "x",
        "link_code": "***",
        "headers": {"Authorization": "***", "Host": "c"},
        "status_code": 200,
    }


EVIL = ["a", "eyJ", "token=", "a@", "x://", "x://a:", "Aa1", "Aa1-", "a.", "bearer  ", "code :", "é-"]


@pytest.mark.parametrize("evil", EVIL)
def test_a_text_that_was_made_for_it_does_not_keep_the_process_busy(evil):
    began = time.perf_counter()
    masks.masked(evil * 500_000)
    assert time.perf_counter() - began < 1.0


PROGRAM = """
import logging, sys
import structlog
from chassis import logs
logs.configure("things", "INFO")
said = sys.argv[1]
structlog.get_logger().warning("heard", path=said, name=said)
logging.getLogger("somebody").warning("heard %s", said)
try:
    raise RuntimeError(said)
except RuntimeError:
    structlog.get_logger().exception("broke")
"""


def logged(text):
    """Return the lines of a process that logs a text in every way."""
    command = [sys.executable, "-c", PROGRAM, text]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert ended.stderr == b""
    return ended.stdout.decode().rstrip("\n").split("\n")


def test_nobody_can_write_a_line_of_his_own():
    evil = 'x\r\n{"event": "forged"}\u2028\u2029\x85\x1b[31m\x07'
    written = logged(evil)
    assert len(written) == 3
    for line in written:
        assert line.isascii()
        assert line.isprintable()
    assert [json.loads(line)["event"] for line in written] == ["heard", f"heard {evil}", "broke"]
    assert json.loads(written[0])["path"] == evil


@pytest.mark.parametrize("secret", [TOKEN, CODE], ids=["token", "code"])
def test_a_secret_is_masked_in_whatever_way_it_is_logged(secret):
    written = "\n".join(logged(secret))
    assert "RuntimeError: " in written
    assert secret.split()[-1] not in written
