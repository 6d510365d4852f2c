"""`python -m bench.peers.nameko_run MODULE CLASS`: `nameko run`; its command line wants setuptools < 81."""

from __future__ import annotations

# ruff: noqa: E402  nothing may be imported before it can be patched
import eventlet

eventlet.monkey_patch()

import importlib
import logging
import os
import sys

from nameko.cli.run import run

CONFIG = {"AMQP_URI": os.environ["AMQP_URL"], "max_workers": int(os.environ.get("NAMEKO_WORKERS", "10"))}

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    module = importlib.import_module(f"bench.peers.{sys.argv[1]}")
    run([getattr(module, sys.argv[2])], CONFIG)
