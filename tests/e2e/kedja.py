"""`kedja` as an operator types it, for a running platform."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.harness import Platform


def kedja(platform: Platform, *arguments: str, status: int = 0) -> str:
    """Return what the command says; fail unless it ends with `status`."""
    done = subprocess.run(
        [sys.executable, "-m", "chassis", *arguments],
        env={"PATH": os.environ["PATH"], "KEDJA_ENV_DIR": str(platform.folder)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr
