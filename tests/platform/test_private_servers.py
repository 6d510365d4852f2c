"""Private servers of a fresh checkout, beside those that the suite itself uses."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.backbone import wait_until

if TYPE_CHECKING:
    from tests.platform.conftest import Checkout

pytestmark = pytest.mark.slow  # each boots a broker and makes a database cluster


def pid_of(checkout: Checkout, name: str) -> int:
    return int(checkout.answer(f"supervision.info_of({name!r})['pid']"))


def is_serving(checkout: Checkout) -> bool:
    return checkout.python("-m", "deploy.local", "infra").returncode == 0


def test_private_servers_start_survive_a_kill_and_leave_nothing_behind(checkout: Checkout) -> None:
    assert is_serving(checkout)
    before = checkout.answer("ports.kept()")
    for name in ("rabbitmq", "postgres", "epmd"):
        killed = pid_of(checkout, name)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda name=name, killed=killed: pid_of(checkout, name) not in (0, killed), seconds=30)
    assert is_serving(checkout)
    assert checkout.answer("ports.kept()") == before
    assert checkout.python("-m", "deploy.local", "down").returncode == 0
    assert checkout.processes() == []


def test_what_a_killed_supervisord_left_behind_is_ended_and_replaced(checkout: Checkout) -> None:
    assert is_serving(checkout)
    supervisord = int((checkout.root / ".run" / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    assert len(checkout.processes()) >= 3
    assert is_serving(checkout)
    assert checkout.python("-m", "deploy.local", "down").returncode == 0
    assert checkout.processes() == []
