"""The platform on this machine: the commands behind `make infra`, `up`, `down`, `logs`, `clean`."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deploy.local import admin, environment, ports, postgres, provision, servers, status, supervision, waiting
from deploy.local.admin import Admin
from deploy.local.checkout import ENV, LOGS, MAIL, ROOT, RUN, SERVICES, TOKENS, SetupError, exclusively
from deploy.local.console import say, warn
from deploy.local.servers import Servers
from deploy.local.supervision import Program

_KEDJA = Path(sys.executable).with_name("kedja")


def infra() -> None:
    """Start RabbitMQ and PostgreSQL (unless given) and wait until they serve."""
    with exclusively(), _step("RabbitMQ and PostgreSQL"):
        running = servers.start()
        _make_token_keys()
        with ThreadPoolExecutor() as pool:
            for wait in (pool.submit(running.wait_for_database), pool.submit(running.wait_for_broker)):
                wait.result()
        running.admin.save()


def up() -> None:
    """Start everything, in order, and wait until each service says that it is ready."""
    with exclusively():
        with _step("RabbitMQ and PostgreSQL, databases, topology"):
            running = servers.start()
            _make_token_keys()
            _claim_and_write(running.admin)
            with ThreadPoolExecutor() as pool:
                broker = pool.submit(_prepare_broker, running)
                _prepare_databases(running)
                broker.result()
            running.admin.save()
        with _step("services and mail sink"), ports.choosing():
            chosen = _claim_and_write(running.admin)  # once more: others may have taken a port meanwhile
            supervision.apply("services", _programs(chosen))
            supervision.start(*SERVICES, "mailsink")
            _wait_for_services(chosen)
    status.print_urls()


def down() -> None:
    """Stop everything that this checkout started; the data stays."""
    with exclusively(), _step("stopping"):
        supervision.shut_down()


def clean() -> None:
    """Stop everything and remove its data, also what we made on given servers. `.venv` stays."""
    with exclusively():
        with _step("stopping"):
            supervision.shut_down()
        with _step("removing .run and its data"):
            if admin.is_saved() and (known := admin.load()).namespace != admin.PRIVATE:
                _drop_from_given(known)
            postgres.remove()
            shutil.rmtree(RUN)


def start(name: str) -> None:
    """Start one process again."""
    supervision.info_of(name)
    supervision.start(name)


def stop(name: str) -> None:
    """Stop one process; the others go on."""
    supervision.stop(name)


def logs(name: str = "") -> None:
    """Show the logs, one process's or all; on a terminal go on as they grow."""
    files = sorted(str(path) for path in LOGS.glob(f"{name or '*'}.log"))
    if not files:
        raise SetupError(
            f"There is no log of {name!r}." if name else "There are no logs yet: type `make up`."
        )
    follow = ["-F"] if sys.stdout.isatty() else []
    os.execvp("tail", ["tail", "-n", "40", *follow, *files])  # noqa: S606


def _make_token_keys() -> None:
    """Make the key pair that `kedja token` signs with, once."""
    if not (TOKENS / "private.pem").exists():
        _kedja("token", "keys", str(TOKENS))


def _claim_and_write(known: Admin) -> dict[str, int]:
    """Choose the services' ports and write what each service is told. Returns all ports, name -> port."""
    names = {"smtp": "mailsink"} | {
        port: service for service in SERVICES for port in (service, f"{service}_ops")
    }
    living = supervision.living()
    chosen = ports.claim(names, in_use={port for port, program in names.items() if program in living})
    environment.write(provision.urls(known.namespace, known), chosen)
    return chosen


def _prepare_databases(running: Servers) -> None:
    running.wait_for_database()
    provision.provision_databases(running.admin.namespace, running.admin)
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_kedja, "migrate", service) for service in SERVICES]:
            done.result()


def _prepare_broker(running: Servers) -> None:
    running.wait_for_broker()
    known = running.admin
    provision.provision_vhost(known.namespace, known)
    _kedja("topology", "apply", AMQP_URL=provision.urls(known.namespace, known)["suppliers"]["AMQP_URL"])


def _kedja(*arguments: str, **environ: str) -> None:
    """Run one `kedja` command; a SetupError after its last words if it fails."""
    done = subprocess.run(
        [_KEDJA, *arguments],
        cwd=ROOT,
        env={**os.environ, "KEDJA_ENV_DIR": str(ENV), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        warn(*(f"  {line}" for line in done.stdout.splitlines()[-15:]))
        raise SetupError(f"`kedja {' '.join(arguments)}` failed; its last words are above.")


def _drop_from_given(known: Admin) -> None:
    try:
        provision.drop_all(known.namespace, known)
    except SetupError as fault:
        left = f"{known.namespace}* on the given servers stays, and so does .run"
        raise SetupError(
            f"{fault} ({left}: type `make clean` again when they are back, or `rm -rf .run`.)"
        ) from None


def _wait_for_services(chosen: dict[str, int]) -> None:
    """Wait until each is ready on ports that are its alone: an answer could be another checkout's."""
    waiting.until(lambda: _holds("mailsink", chosen["smtp"]), "mailsink", "The mail sink", seconds=15)
    for service in SERVICES:
        waiting.until(partial(_is_up, service, chosen), service, f"Service {service}", seconds=45)


def _is_up(service: str, chosen: dict[str, int]) -> bool:
    return _holds(service, chosen[service], chosen[f"{service}_ops"]) and status.is_ready(service)


def _holds(program: str, *numbers: int) -> bool:
    pid = supervision.info_of(program)["pid"]
    return all(ports.is_held_by(pid, number) for number in numbers)


def _programs(chosen: dict[str, int]) -> list[Program]:
    sink = [sys.executable, "-m", "deploy.local.mailsink", "--port", str(chosen["smtp"]), "--dir", str(MAIL)]
    told = {"KEDJA_ENV_DIR": str(ENV), "KEDJA_STATE": _state()}
    services = [Program(name, "services", [str(_KEDJA), "run", name], told) for name in SERVICES]
    return [Program("mailsink", "mailsink", sink), *services]


def _state() -> str:
    """Another text when code or settings change: supervisord then starts the services anew."""
    files = [path for folder in ("chassis", "services") for path in sorted((ROOT / folder).rglob("*"))]
    code = [
        (str(path), path.stat().st_mtime_ns) for path in files if path.is_file() and path.suffix != ".pyc"
    ]
    told = [(ENV / f"{service}.env").read_text(encoding="utf-8") for service in SERVICES]
    return hashlib.sha256(repr((code, told)).encode()).hexdigest()[:12]


@contextmanager
def _step(what: str) -> Iterator[None]:
    begun = time.monotonic()
    say(f"· {what} …")
    yield
    say(f"  done in {time.monotonic() - begun:.1f} s")
