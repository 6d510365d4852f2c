"""A private PostgreSQL: own data, loopback only, scram passwords, durable like a real one."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.checkout import IDENTITY, RUN, SetupError, secret, write_private

ADMIN = "kedja_admin"
_OUTSIDE = Path(f"/var/tmp/kedja-{IDENTITY}")  # noqa: S108  its owner is checked below
_CONF = """# Written anew at every start by deploy/local/postgres.py
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
wal_compression = lz4
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = panic  # statements hold names and addresses
log_error_verbosity = terse      # and so do details
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
"""


def programs() -> Path | None:
    """Folder of the newest installed PostgreSQL's programs (Debian's layout), or None."""
    found = [
        path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdigit()
    ]
    return max(found, key=lambda folder: int(folder.parts[-2]), default=None)


@dataclass(frozen=True)
class Cluster:
    """A cluster: its folder `home`, the administrator's password, and the folder of PostgreSQL's programs."""

    home: Path
    port: int
    password: str
    bin: Path

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps everything."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """The administrator's."""
        return f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def command(self) -> list[str]:
        """The server in the foreground."""
        return [str(self.bin / "postgres"), "-D", str(self.data)]

    def prepare(self) -> None:
        """Make the cluster unless it is there, and write its configuration."""
        if not self._is_whole():
            self._initialise()
        made_by, installed = (
            (self.data / "PG_VERSION").read_text(encoding="utf-8").strip(),
            self.bin.parts[-2],
        )
        if made_by != installed:
            raise SetupError(
                f"The data in .run/postgres is of PostgreSQL {made_by}, the newest here is {installed}: "
                f"install postgresql-{made_by} alone, or type `make clean` to start with empty data."
            )
        conf = self.data / "postgresql.conf"
        write_private(conf, _CONF.format(port=self.port))
        _hand_over(conf)

    def _is_whole(self) -> bool:
        """Whether the data was made to the end, and for the `.run/` that is here now."""
        whole = self.home / "made-for"
        return whole.exists() and whole.read_text(encoding="utf-8") == secret("run")

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        password = self.home / "password"
        write_private(password, self.password)
        _hand_over(password)
        initdb = [
            str(self.bin / "initdb"),
            "-D",
            str(self.data),
            f"--username={ADMIN}",
            f"--pwfile={password}",
        ]
        how = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        done = _run_as_its_user([*initdb, *how], self.home)
        password.unlink()
        if done.returncode:
            raise SetupError(f"PostgreSQL's data could not be made in {self.data}: {done.stderr.strip()}")
        write_private(self.home / "made-for", secret("run"))


def _run_as_its_user(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    groups: list[str] | None = [] if user() else None
    return subprocess.run(
        command,
        cwd=folder,
        user=user(),
        group=user(),
        extra_groups=groups,
        capture_output=True,
        text=True,
        check=False,
    )


def user() -> str | None:
    """The system user it runs as: PostgreSQL refuses root, so then the package's own; otherwise us (None)."""
    return "postgres" if os.geteuid() == 0 else None


def home() -> Path:
    """Make and return the cluster's folder, `.run/postgres`.

    As root it is a link into /var/tmp: user postgres can't enter `.run/`, and perhaps not even the checkout.
    """
    link = RUN / "postgres"
    if not (owner := user()):
        link.mkdir(mode=0o700, exist_ok=True)
        return link
    _OUTSIDE.mkdir(mode=0o700, exist_ok=True)
    # /var/tmp is everybody's: a folder that somebody else made there must not get our passwords
    if _OUTSIDE.is_symlink() or _OUTSIDE.stat().st_uid not in (0, pwd.getpwnam(owner).pw_uid):
        raise SetupError(f"{_OUTSIDE} belongs to somebody else: remove or rename it, then try again.")
    _OUTSIDE.chmod(0o700)
    _hand_over(_OUTSIDE)
    link.unlink(missing_ok=True)
    link.symlink_to(_OUTSIDE)
    return _OUTSIDE


def remove() -> None:
    """Remove what `home` keeps outside `.run/`."""
    if (RUN / "postgres").resolve() == _OUTSIDE and not _OUTSIDE.is_symlink():
        shutil.rmtree(_OUTSIDE, ignore_errors=True)


def _hand_over(path: Path) -> None:
    """Give a file or folder to the user that PostgreSQL runs as."""
    if owner := user():
        shutil.chown(path, owner, owner)
