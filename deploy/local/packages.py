"""The system's packages: what is missing, and installing it where we may. Standard library only."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local import postgres, rabbitmq
from deploy.local.checkout import SetupError
from deploy.local.console import say, warn

_SCRIPT = Path(__file__).with_name("install-packages.sh")


def missing_for_python() -> list[str]:
    """Packages that this Python needs to make a virtual environment (Debian has them apart)."""
    return [] if importlib.util.find_spec("ensurepip") else [f"python3.{sys.version_info.minor}-venv"]


def missing_for_servers() -> list[str]:
    """Packages of the private servers; none where servers are given."""
    if os.environ.get("KEDJA_AMQP_ADMIN_URL") and os.environ.get("KEDJA_ADMIN_DATABASE_URL"):
        return []
    there = {"rabbitmq-server": rabbitmq.SERVER.exists(), "postgresql": postgres.programs() is not None}
    return [package for package, is_there in there.items() if not is_there]


def nginx() -> str | None:
    """Where nginx is, which only tests need; outside the usual user's PATH on Debian."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def missing_for_tests() -> list[str]:
    """Packages that the test suite needs beyond the servers."""
    return [] if nginx() else ["nginx-light"]


def install(packages: list[str]) -> None:
    """Install Debian packages as root or through sudo; where that can't be done, say what to type."""
    names = " ".join(packages)
    lacking = f"{names} {'is' if len(packages) == 1 else 'are'} not installed"
    if not shutil.which("apt-get"):
        raise SetupError(
            f"{lacking}, and this is no Debian or Ubuntu: install it your way{_or_else(packages)}."
        )
    rights = _rights()
    if rights is None:
        raise SetupError(f"{lacking}: type `sudo apt-get install {names}`{_or_else(packages)}.")
    say(f"· installing {names} with apt-get; no system service is started or changed …")
    if log := _run([*rights, "sh", str(_SCRIPT), *packages]):
        warn(*log.splitlines()[-15:])
        raise SetupError(
            f"{lacking} and apt-get failed (above): type `apt-get install {names}`{_or_else(packages)}."
        )


def _run(command: list[str]) -> str:
    """Run it; its output if it failed, else an empty string."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout or "apt-get failed without a word") if done.returncode else ""


def _or_else(packages: list[str]) -> str:
    if not {"rabbitmq-server", "postgresql"} & set(packages):
        return ""
    return ", or set KEDJA_AMQP_ADMIN_URL and KEDJA_ADMIN_DATABASE_URL to servers that you have"


def _rights() -> list[str] | None:
    """What to put before a command for root's rights; None if we have none."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() else None  # may ask for a password only where somebody can type it
