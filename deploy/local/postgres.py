"""A private PostgreSQL: own data, loopback only, scram passwords, durable like a real one."""

import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.checkout import IDENTITY, RUN, Failure, write_private

ADMIN = "kedja_admin"
_CONF = """# Written anew at every start by deploy/local/postgres.py
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
"""


def binaries() -> Path | None:
    """Folder of the newest installed PostgreSQL's programs (Debian's layout), or None."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres") if p.parts[-3].isdigit()]
    return max(found, key=lambda folder: int(folder.parts[-2]), default=None)


@dataclass(frozen=True)
class Cluster:
    """A database cluster: `data` is its folder, `password` the admin's."""

    data: Path
    port: int
    password: str
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def command(self) -> list[str]:
        return [str(self.programs / "postgres"), "-D", str(self.data)]

    def prepare(self) -> None:
        """Make the cluster unless it is there, and write its configuration."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        made_by = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if made_by != self.programs.parts[-2]:
            raise Failure(
                f"The data in .run/postgres is of PostgreSQL {made_by} but the newest installed is {self.programs.parts[-2]}: "
                f"install postgresql-{made_by}, or type `make clean` to start with empty data."
            )
        conf = self.data / "postgresql.conf"
        write_private(conf, _CONF.format(port=self.port))
        hand_over(conf)

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a first try that was broken off
        password = self.data.with_name("password")
        write_private(password, self.password)
        hand_over(password)
        # fmt: off
        initdb = [
            self.programs / "initdb", "-D", self.data, f"--username={ADMIN}", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
        ]
        # fmt: on
        done = subprocess.run(
            initdb,
            cwd=self.data.parent,
            user=user(),
            group=user(),
            extra_groups=_no_groups(),
            capture_output=True,
            text=True,
        )
        password.unlink()
        if done.returncode:
            raise Failure(f"PostgreSQL's data could not be made in {self.data}: {done.stderr.strip()}")


def user() -> str | None:
    """The system user it runs as: PostgreSQL refuses root, so then the package's own; otherwise us (None)."""
    return "postgres" if os.geteuid() == 0 else None


def _no_groups() -> list[str] | None:
    return [] if os.geteuid() == 0 else None


def hand_over(path: Path) -> None:
    """Give a file or folder to the user that PostgreSQL runs as."""
    if owner := user():
        shutil.chown(path, owner, owner)


def data_folder() -> Path:
    """`.run/postgres`. As root it links into /var/tmp, since user postgres can't enter `.run/`, perhaps not even the checkout."""
    link = RUN / "postgres"
    if os.geteuid() != 0:
        link.mkdir(mode=0o700, exist_ok=True)
        return link / "data"
    home = Path(f"/var/tmp/kedja-{IDENTITY}")
    home.mkdir(mode=0o700, exist_ok=True)
    # /var/tmp is everybody's: somebody else's folder of that name must not get our passwords
    if home.is_symlink() or home.stat().st_uid not in (0, pwd.getpwnam("postgres").pw_uid):
        raise Failure(f"{home} belongs to somebody else: remove or rename it, then try again.")
    hand_over(home)
    link.unlink(missing_ok=True)
    link.symlink_to(home)
    return home / "data"


def is_ours(home: Path) -> bool:
    """Whether this is a data folder that `data_folder` makes, and so may be removed."""
    return re.fullmatch(r"/var/tmp/kedja-[0-9a-f]{8}", str(home)) is not None
