"""A checkout of its own for tests that set things up: where others cannot enter, with a space in its path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from deploy.local.checkout import ROOT
from tests.conftest import SERVICES
from tests.platform.edge import Echo, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Checkout:
    """A copy of what sets the platform up, whose `.run/` is its own."""

    root: Path

    def python(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run this suite's Python there."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "HOME": str(self.root), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start this suite's Python there, with pipes to and from it."""
        command = [sys.executable, *arguments]
        return subprocess.Popen(
            command, cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, expression: str) -> str:
        """Return what an expression over the modules there prints."""
        modules = "from deploy.local import checkout, environment, ports, postgres, rabbitmq, supervision"
        done = self.python("-c", f"{modules}; checkout.prepare(); print({expression})")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def processes(self) -> list[str]:
        """Return the process ids that this checkout's platform has now."""
        found = self.python("-c", "from deploy.local.processes import leftovers; print(*leftovers())")
        assert found.returncode == 0, found.stderr
        return found.stdout.split()


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A fresh checkout; what it started is stopped and removed after the test."""
    folder = tmp_path / "a private place"
    folder.mkdir(mode=0o700)
    shutil.copytree(ROOT / "deploy" / "local", folder / "deploy" / "local")
    fresh = Checkout(folder)
    yield fresh
    fresh.python("-m", "deploy.local", "clean")


@pytest.fixture(scope="module")
def echoes() -> Iterator[dict[str, Echo]]:
    """A stand-in for each service."""
    running = {name: Echo(name) for name in SERVICES}
    yield running
    for echo in running.values():
        echo.stop()


@pytest.fixture(scope="module")
def edge(echoes: dict[str, Echo], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """nginx before the four stand-ins."""
    running = Edge(tmp_path_factory.mktemp("edge"), {name: echo.port for name, echo in echoes.items()})
    yield running
    running.stop()
