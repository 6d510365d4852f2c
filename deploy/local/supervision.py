"""The supervisord of this checkout: its configuration, its start and stop, and a client to talk to it.

It listens on a loopback port with a random password: a unix socket's path would be too long in a deep folder.
"""

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from deploy.local import ports, processes
from deploy.local.checkout import IDENTITY, LOGS, ROOT, RUN, SetupError, secret, write_private

_CONF = RUN / "supervisord.conf"
_PARTS = RUN / "supervisor"
_PIDFILE = RUN / "supervisord.pid"
_HEAD = """; Written anew at every start by deploy/local/supervision.py; holds a password.
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
{as_user}
[inet_http_server]
port = 127.0.0.1:{port}
username = kedja
password = {password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = {parts}/*.conf
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
{as_user}"""


@dataclass(frozen=True)
class Program:
    """One supervised process. Those of one `group` are stopped side by side."""

    name: str
    group: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = ROOT
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 12


def claim_port() -> None:
    """Choose the port on which supervisord itself listens."""
    ports.claim(["supervisor"], in_use=["supervisor"] if is_running() else [])


def apply(part: str, programs: Sequence[Program]) -> None:
    """Make supervisord know exactly these programs in this part ("servers", "services") of what it runs.

    Running ones whose definition changed are stopped, to be started anew; the other part's go on.
    """
    _PARTS.mkdir(mode=0o700, exist_ok=True)
    write_private(_PARTS / f"{part}.conf", "".join([*map(_program, programs), *_groups(programs)]))
    if is_running():
        _reload()
    else:
        processes.end_leftovers()
        _start()


def start(*names: str) -> None:
    """Start programs without waiting for them; those that run already go on."""
    for info in infos():
        if info["name"] in names and info["statename"] not in ("STARTING", "RUNNING", "BACKOFF"):
            _rpc().startProcess(_full_name(info), False)


def stop(name: str) -> None:
    """Stop one program and wait until it is gone."""
    info = info_of(name)
    if info["pid"]:
        _rpc().stopProcess(_full_name(info))


def shut_down() -> None:
    """Stop every program and supervisord itself, and end what an earlier, killed supervisord left behind."""
    if is_running():
        pid = int(_PIDFILE.read_text(encoding="utf-8"))
        _rpc().shutdown()
        if not processes.wait_until_gone(pid, seconds=60):
            raise SetupError(
                f"supervisord ({pid}) has not ended within a minute: see {LOGS}/supervisord.log."
            )
    processes.end_leftovers()


def is_running() -> bool:
    """Whether this checkout's supervisord answers (and not somebody else's server on that port)."""
    if "supervisor" not in ports.kept():
        return False
    try:
        return bool(_rpc().getIdentification() == f"kedja-{IDENTITY}")
    except (OSError, xmlrpc.client.Error, http.client.HTTPException, ExpatError):
        return False


def infos() -> list[dict[str, Any]]:
    """Describe each program as supervisord does: name, group, statename, pid, start, now, …"""
    return list(_rpc().getAllProcessInfo()) if is_running() else []


def info_of(name: str) -> dict[str, Any]:
    """Describe one program."""
    for info in infos():
        if info["name"] == name:
            return info
    raise SetupError(f"No process {name!r} is known here: `make status` lists them.")


def living() -> set[str]:
    """Names of the programs that have a process now."""
    return {info["name"] for info in infos() if info["pid"]}


class _Transport(xmlrpc.client.Transport):
    """Gives up on a server that says nothing; stopping a process may take its whole `stopwaitsecs`."""

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = 60
        return connection


def _rpc() -> Any:
    url = f"http://kedja:{secret('supervisor')}@127.0.0.1:{ports.kept()['supervisor']}/RPC2"
    return xmlrpc.client.ServerProxy(url, transport=_Transport()).supervisor


def _reload() -> None:
    added, changed, removed = _rpc().reloadConfig()[0]
    for group in [*changed, *removed]:
        _rpc().stopProcessGroup(group)
        _rpc().removeProcessGroup(group)
    for group in [*added, *changed]:
        _rpc().addProcessGroup(group)


def _start() -> None:
    write_private(_CONF, _head())
    # Nothing of the caller's environment reaches the services: no proxy, no administrator's database.
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        processes.MARK: str(RUN),
    }
    daemon = [sys.executable, "-m", "supervisor.supervisord", "-c", str(_CONF)]
    done = subprocess.run(
        daemon, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SetupError(f"supervisord did not start: {(done.stderr or done.stdout).strip()}")
    deadline = time.monotonic() + 10
    while not is_running():
        if time.monotonic() > deadline:
            raise SetupError(f"supervisord has started but does not answer: see {LOGS}/supervisord.log.")
        time.sleep(0.02)


def _head() -> str:
    return _HEAD.format(
        identity=IDENTITY,
        root=_escape(ROOT),
        logs=_escape(LOGS),
        pidfile=_escape(_PIDFILE),
        parts=_PARTS.name,  # relative: supervisord splits this setting at spaces
        port=ports.kept()["supervisor"],
        password=secret("supervisor"),
        as_user="user = root\n" if os.geteuid() == 0 else "",
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
