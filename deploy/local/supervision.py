"""The supervisord of this checkout: its configuration, its start and stop, and a client to talk to it.

It listens on a loopback port with a random password: a unix socket's path would be too long in a deep folder.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from deploy.local import ports, processes
from deploy.local.checkout import IDENTITY, LOGS, ROOT, RUN, Failure, secret, write_private

CONF = RUN / "supervisord.conf"
PROGRAMS = RUN / "supervisor"
PIDFILE = RUN / "supervisord.pid"
_HEAD = """; Written anew by every `make infra` and `make up` (deploy/local/supervision.py); holds passwords
[supervisord]
identifier = kedja-{identity}
directory = {root}
logfile = {logs}/supervisord.log
logfile_maxbytes = 10MB
logfile_backups = 2
pidfile = {pidfile}
childlogdir = {logs}
umask = 077
nocleanup = true
{as_root}
[inet_http_server]
port = 127.0.0.1:{port}
username = kedja
password = {password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = {programs}/*.conf
"""
_PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
environment = {environment}
autostart = false
autorestart = true
startsecs = 1
startretries = 1000
stopsignal = {stop_signal}
stopwaitsecs = {stop_seconds}
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 20MB
stdout_logfile_backups = 3
{as_user}
"""


@dataclass(frozen=True)
class Program:
    """One supervised process. `group` names those that are stopped together."""

    name: str
    group: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = ROOT
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 12


def apply(part: str, programs: Sequence[Program]) -> None:
    """Make supervisord know exactly these programs in this part of its configuration ("servers" or "services").

    Running ones whose definition changed are stopped, to be started anew; the other part's go on.
    """
    PROGRAMS.mkdir(mode=0o700, exist_ok=True)
    write_private(PROGRAMS / f"{part}.conf", "".join([*map(_program, programs), *_groups(programs)]))
    if is_running():
        _reload()
    else:
        processes.end_leftovers()
        _start()


def start(*names: str) -> None:
    """Start programs without waiting for them; those that run already go on."""
    for info in infos():
        if info["name"] in names and info["statename"] not in ("STARTING", "RUNNING", "BACKOFF"):
            server().startProcess(_full_name(info), False)


def stop(name: str) -> None:
    """Stop one program and wait until it is gone."""
    server().stopProcess(_full_name(info_of(name)))


def shut_down() -> None:
    """Stop every program and supervisord itself, and end what an earlier, killed supervisord left behind."""
    if is_running():
        pid = int(PIDFILE.read_text(encoding="utf-8"))
        server().shutdown()
        if not processes.wait_until_gone(pid, seconds=60):
            raise Failure(
                f"supervisord ({pid}) has not ended within a minute; its log is {LOGS}/supervisord.log."
            )
    processes.end_leftovers()


def is_running() -> bool:
    """Whether this checkout's supervisord answers."""
    if "supervisor" not in ports.kept():
        return False
    try:
        return bool(server().getIdentification() == f"kedja-{IDENTITY}")
    except (OSError, Fault):
        return False
    except (
        Exception
    ) as fault:  # somebody else's server on that port: ProtocolError, ExpatError, BadStatusLine …
        print(
            f"(port {ports.kept()['supervisor']} is not this checkout's supervisord: {type(fault).__name__})",
            file=sys.stderr,
        )
        return False


def infos() -> list[dict[str, Any]]:
    """supervisord's description of each program: name, group, statename, pid, start, now, …"""
    return list(server().getAllProcessInfo()) if is_running() else []


def info_of(name: str) -> dict[str, Any]:
    """Description of one program."""
    for info in infos():
        if info["name"] == name:
            return info
    raise Failure(f"No process {name!r} is known here: `make status` lists them.")


def state_of(name: str) -> str:
    """RUNNING, STARTING, BACKOFF, STOPPED, … or "unknown"."""
    return next((str(info["statename"]) for info in infos() if info["name"] == name), "unknown")


def server() -> Any:
    """supervisord's XML-RPC interface."""
    url = f"http://kedja:{secret('supervisor')}@127.0.0.1:{ports.kept()['supervisor']}/RPC2"
    return ServerProxy(url).supervisor


def _reload() -> None:
    added, changed, removed = server().reloadConfig()[0]
    for group in [*changed, *removed]:
        server().stopProcessGroup(group)
        server().removeProcessGroup(group)
    for group in [*added, *changed]:
        server().addProcessGroup(group)


def _start() -> None:
    write_private(CONF, _head())
    # Nothing of the caller's environment reaches the services: no proxy, no admin's database.
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        processes.MARK: str(RUN),
    }
    daemon = [str(Path(sys.executable).with_name("supervisord")), "-c", str(CONF)]
    done = subprocess.run(daemon, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"supervisord did not start: {(done.stderr or done.stdout).strip()}")
    deadline = time.monotonic() + 10
    while not is_running():
        if time.monotonic() > deadline:
            raise Failure(f"supervisord started but does not answer; its log is {LOGS}/supervisord.log.")
        time.sleep(0.05)


def _head() -> str:
    return _HEAD.format(
        identity=IDENTITY,
        root=_escape(ROOT),
        logs=_escape(LOGS),
        pidfile=_escape(PIDFILE),
        programs=PROGRAMS.name,
        port=ports.kept()["supervisor"],
        password=secret("supervisor"),
        as_root="user = root\n" if os.geteuid() == 0 else "",
    )


def _groups(programs: Sequence[Program]) -> Iterator[str]:
    for group in dict.fromkeys(program.group for program in programs):
        names = ",".join(program.name for program in programs if program.group == group)
        yield f"\n[group:{group}]\nprograms = {names}\n"


def _program(program: Program) -> str:
    return _PROGRAM.format(
        name=program.name,
        command=" ".join(f'"{_escape(word)}"' for word in program.command),
        directory=_escape(program.directory),
        environment=",".join(f'{key}="{_escape(value)}"' for key, value in program.environment.items()),
        stop_signal=program.stop_signal,
        stop_seconds=program.stop_seconds,
        logs=_escape(LOGS),
        as_user=f"user = {program.user}\n" if program.user else "",
    )


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


def _full_name(info: dict[str, Any]) -> str:
    return f"{info['group']}:{info['name']}"
