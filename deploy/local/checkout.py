"""This checkout: its folder, its identity, and what it keeps under `.run/` (mode 0700, never in git)."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / ".run"
ENV = RUN / "env"
LOGS = RUN / "logs"
MAIL = RUN / "mail"
TOKENS = RUN / "tokens"
SERVICES = ("suppliers", "assessments", "audits", "notifications")
# Names nodes, data folders and databases, so that two checkouts on one machine never meet.
IDENTITY = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:8]


class SetupError(Exception):
    """A step that can't be done: one sentence that says what is missing and what to type."""


def prepare() -> None:
    """Make `.run/`. In a copied checkout it is the original's, with its ports and data: refuse it."""
    RUN.mkdir(mode=0o700, exist_ok=True)
    if (owner_id := RUN.stat().st_uid) != os.geteuid():
        raise SetupError(
            f".run/ belongs to user id {owner_id}: go on as that user, who may also `make clean`."
        )
    RUN.chmod(0o700)
    owner = RUN / "checkout"
    if not owner.exists():
        write_private(owner, f"{ROOT}\n")
    if (made_for := owner.read_text(encoding="utf-8").strip()) != str(ROOT):
        raise SetupError(
            f".run/ was made for {made_for}: move the checkout back, or type `rm -rf .run` to start anew."
        )
    for folder in (ENV, LOGS, MAIL, RUN / "secrets"):
        folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read; who reads it meanwhile sees the old text or the new, never half."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    half.replace(path)


def secret(name: str) -> str:
    """A random secret, made once and kept in `.run/secrets/<name>`."""
    path = RUN / "secrets" / name
    if not path.exists():
        write_private(path, secrets.token_hex(20))
    return path.read_text(encoding="utf-8")


@contextmanager
def exclusively() -> Iterator[None]:
    """One command at a time sets this checkout's platform up or takes it down; the next one waits."""
    prepare()
    with (RUN / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
