"""psycopg2 under eventlet: who waits for the database lets others run, and does not wait for ever."""

from __future__ import annotations

from typing import Any

import psycopg2
from eventlet.hubs import trampoline
from eventlet.patcher import original
from psycopg2 import extensions

from chassis import db

# libpq's own connect_timeout does not count here. A statement may take 20 s (db.py): a server that is silent
# for longer is not slow, it hangs.
_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 25


def make_psycopg_green() -> None:
    """Let every wait of psycopg2 in this process go through eventlet."""
    extensions.set_wait_callback(_wait)
    db.look = original("select").select


def _wait(conn: Any) -> None:
    """Wait until psycopg2 is through; raising makes it close the connection."""
    connecting = conn.status == extensions.STATUS_SETUP
    silence = psycopg2.OperationalError("the database does not answer")
    while (state := conn.poll()) != extensions.POLL_OK:
        trampoline(
            conn.fileno(),
            read=state == extensions.POLL_READ,
            write=state == extensions.POLL_WRITE,
            timeout=_CONNECT_SECONDS if connecting else _SILENCE_SECONDS,
            timeout_exc=silence,
        )
