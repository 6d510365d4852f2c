"""The system's packages: what is missing, and installing it where we may. Standard library only: runs before the venv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("install-packages.sh")


def install(packages: list[str], reason: str, otherwise: str = "") -> str | None:
    """Install Debian packages as root or through sudo. Returns None, or the one sentence that says what to type instead."""
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        return f"{reason}, and this is no Debian or Ubuntu: install what your system calls {names}{otherwise}, then try again."
    rights = _rights()
    if rights is None:
        return f"{reason}: type `sudo apt-get install --no-install-recommends {names}`{otherwise}, then try again."
    print(f"Installing {names} (no service is started or changed) …", flush=True)
    done = subprocess.run(
        [*rights, "sh", str(SCRIPT), *packages],
        stdin=None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == 0:
        return None
    print(*done.stdout.splitlines()[-15:], sep="\n", file=sys.stderr)
    return f"{reason}, and installing {names} failed (above): type `sudo apt-get install {names}`{otherwise}, then try again."


def _rights() -> list[str] | None:
    """What to put before a command for root's rights; None if we have none."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    without_asking = subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    if without_asking:
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() else None
