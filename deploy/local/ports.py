"""This checkout's ports on loopback: the preferred where free, otherwise others; kept in `.run/ports`."""

import itertools
import socket
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.checkout import IDENTITY, RUN, SetupError, write_private

FILE = RUN / "ports"
# Above the well-known ports and below Linux' ephemeral ones (32768), a block of 8 per checkout.
_BLOCK = 20000 + int(IDENTITY, 16) % 1500 * 8
PREFERRED = {
    "suppliers": 8101,
    "assessments": 8102,
    "audits": 8103,
    "notifications": 8104,
    "suppliers_ops": 9101,
    "assessments_ops": 9102,
    "audits_ops": 9103,
    "notifications_ops": 9104,
    "smtp": 2525,
    "supervisor": _BLOCK,
    "postgres": _BLOCK + 1,
    "amqp": _BLOCK + 2,
    "management": _BLOCK + 3,
    "prometheus": _BLOCK + 4,
    "dist": _BLOCK + 5,
    "epmd": _BLOCK + 6,
}
_STEP = 10  # 8101, 8111, 8121 …: the four services keep their last digit


def claim(names: Iterable[str], in_use: Collection[str] = ()) -> dict[str, int]:
    """Choose and keep a port for each name; a kept one that somebody else has taken since is replaced.

    Those `in_use` by our own processes stay. Returns all kept ports, name -> port.
    """
    ports = kept()
    for name in names:
        if name in in_use and name in ports:
            continue
        if name not in ports or not is_free(ports[name]):
            ports[name] = _choose(PREFERRED[name], set(ports.values()))
    write_private(FILE, "".join(f"{name}={port}\n" for name, port in ports.items()))
    return ports


@contextmanager
def choosing() -> Iterator[None]:
    """Let no other checkout on this machine choose, from the choice until the servers listen.

    Without it two that start at the same moment choose the same port, and services that listen with
    SO_REUSEPORT share it in silence. The lock is an abstract socket: every user sees it, and it ends
    with its process.
    """
    deadline = time.monotonic() + 120
    with socket.socket(socket.AF_UNIX) as lock:
        while not _bound(lock, "\0kedja-ports"):
            if time.monotonic() > deadline:
                raise SetupError(
                    "Another checkout has been starting for two minutes: wait for it, then try again."
                )
            time.sleep(0.1)
        yield


def kept() -> dict[str, int]:
    """The ports chosen so far, name -> port."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    return {name: int(port) for name, _, port in (line.partition("=") for line in lines)}


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # as servers do: connections that wait for their end don't count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bound(probe, ("127.0.0.1", port))


def answers(port: int) -> bool:
    """Whether somebody listens on this loopback port now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_held_by(pid: int, port: int) -> bool:
    """Whether this process listens on the port and nobody else does (SO_REUSEPORT lets two, in silence)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    try:
        held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # it ended, or closed a file, meanwhile
        return False
    return bool(listening) and listening <= held


def _bound(probe: socket.socket, address: str | tuple[str, int]) -> bool:
    try:
        probe.bind(address)
    except OSError:
        return False
    return True


def _choose(preferred: int, ours: Collection[int]) -> int:
    return next(port for port in itertools.count(preferred, _STEP) if port not in ours and is_free(port))
