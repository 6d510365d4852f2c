"""PostgreSQL's own programs: finding them, and running them against a service's database."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg2.extensions import make_dsn, parse_dsn

from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEBIAN = Path("/usr/lib/postgresql")


class ProgramError(OperatorError):
    """A program is missing or failed; the message says which and why, in one sentence."""


def program(name: str) -> str:
    """Return the newest installed program of that name, where Debian puts it, or the one in PATH."""
    versions = [path for path in _DEBIAN.glob(f"*/bin/{name}") if path.parts[-3].isdigit()]
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    found = str(newest) if newest else shutil.which(name)
    if found is None:
        raise ProgramError(f"{name} is not installed here: on Debian, `apt-get install postgresql-client`")
    return found


def run(name: str, arguments: Sequence[str], dsn: str | None = None) -> str:
    """Run a program, against a database if one is given, and return what it said; raise ProgramError."""
    # a command line is everybody's to read: the password goes by the environment
    known = parse_dsn(dsn) if dsn else {}
    password = known.pop("password", None)
    environ = {**os.environ, "LC_MESSAGES": "C", **({"PGPASSWORD": password} if password else {})}
    database = [f"--dbname={make_dsn(**known)}"] if dsn else []
    done = subprocess.run(
        [program(name), *database, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgramError(f"{name} failed: {' '.join(done.stderr.split())[:500]}")
    return done.stdout
