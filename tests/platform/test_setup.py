"""What setting up chooses, keeps, refuses and says."""

from __future__ import annotations

import os
import re
import select
import socket
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from deploy.local import packages, ports
from deploy.local.checkout import ROOT, SetupError
from tests.backbone import wait_until
from tests.harness import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.platform.conftest import Checkout


def listen_somewhere() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def test_a_taken_port_is_replaced_and_the_choice_is_kept(checkout: Checkout) -> None:
    with listen_somewhere() as other:
        taken = other.getsockname()[1]
        preferred = f"ports.PREFERRED.update(suppliers={taken})"
        chosen = checkout.answer(f"[{preferred}, ports.claim(['suppliers'])][1]['suppliers']")
    assert chosen == str(taken + 10)
    assert checkout.answer("ports.claim(['suppliers'])['suppliers']") == chosen


def test_a_kept_port_that_others_took_is_replaced_but_not_our_own(
    checkout: Checkout,
) -> None:
    with listen_somewhere() as server:
        port = server.getsockname()[1]
        (checkout.root / ".run").mkdir(mode=0o700)
        (checkout.root / ".run" / "ports").write_text(f"audits={port}\n")
        assert checkout.answer("ports.claim(['audits'], in_use=['audits'])['audits']") == str(port)
        assert checkout.answer("ports.claim(['audits'])['audits']") != str(port)


def test_a_port_that_two_processes_share_is_held_by_neither(checkout: Checkout) -> None:
    share = (
        "import socket, sys; server = socket.socket(); port = int(sys.argv[1])\n"
        "server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
        "server.bind(('127.0.0.1', port)); server.listen(); print(1, flush=True); sys.stdin.read()"
    )
    port = free_port()
    one = checkout.begin("-c", share, str(port))
    wait_until(lambda: ports.is_held_by(one.pid, port))
    other = checkout.begin("-c", share, str(port))
    wait_until(lambda: not ports.is_held_by(one.pid, port))
    assert not ports.is_held_by(other.pid, port)
    one.communicate()
    wait_until(lambda: ports.is_held_by(other.pid, port))
    other.communicate()


def test_no_two_names_get_the_same_port(checkout: Checkout) -> None:
    alike = "ports.PREFERRED.update(smtp=ports.PREFERRED['audits'])"
    chosen = checkout.answer(f"[{alike}, ports.claim(ports.PREFERRED)][1].values()")
    numbers = re.findall(r"\d+", chosen)
    assert len(set(numbers)) == len(numbers) == 16


def test_only_we_can_read_the_run_folder_and_its_secrets(checkout: Checkout) -> None:
    secret = checkout.answer("checkout.secret('link_key')")
    run = checkout.root / ".run"
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert stat.S_IMODE((run / "secrets" / "link_key").stat().st_mode) == 0o600
    assert checkout.answer("checkout.secret('link_key')") == secret


def test_every_service_is_told_whose_tokens_it_takes(checkout: Checkout) -> None:
    written = (
        "[environment.write({name: {} for name in checkout.SERVICES}, "
        "{port: 1 for name in [*checkout.SERVICES, 'smtp'] for port in (name, name + '_ops')}), "
        "(checkout.ENV / 'audits.env').read_text()][1]"
    )
    told = checkout.answer(written)
    assert "TOKEN_ISSUER=http://kedja.localhost/development\n" in told
    assert "TOKEN_AUDIENCE=kedja\n" in told
    assert f"TOKEN_PUBLIC_KEY_FILE={checkout.root}/.run/tokens/public.pem\n" in told


def test_a_copied_checkout_does_not_use_the_originals_run_folder(checkout: Checkout) -> None:
    (checkout.root / ".run").mkdir(mode=0o700)
    (checkout.root / ".run" / "checkout").write_text("/somewhere/else\n")
    done = checkout.python("-m", "deploy.local", "infra")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "kedja: .run/ was made for /somewhere/else: move the checkout back, "
        "or type `rm -rf .run` to start anew.\n"
    )
    (checkout.root / ".run" / "checkout").unlink()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"KEDJA_AMQP_ADMIN_URL": "amqp://u:p@broker.example"},
            "KEDJA_AMQP_ADMIN_URL is set but KEDJA_ADMIN_DATABASE_URL is not",
        ),
        (
            {"KEDJA_ADMIN_DATABASE_URL": "postgresql://u:p@database.example"},
            "KEDJA_ADMIN_DATABASE_URL is set but KEDJA_AMQP_ADMIN_URL is not",
        ),
    ],
)
def test_naming_only_one_of_two_servers_is_refused(
    checkout: Checkout, environ: dict[str, str], sentence: str
) -> None:
    done = checkout.python("-m", "deploy.local", "infra", **environ)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert checkout.processes() == []


def test_without_apt_or_rights_one_sentence_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError) as refused:
        packages.install(["rabbitmq-server", "postgresql"])
    assert str(refused.value) == (
        "rabbitmq-server postgresql are not installed, and this is no Debian or Ubuntu: install it your way, "
        "or set KEDJA_AMQP_ADMIN_URL and KEDJA_ADMIN_DATABASE_URL to servers that you have."
    )


def test_a_machine_without_a_new_enough_python_is_told_so() -> None:
    command = ["sh", str(ROOT / "deploy" / "local" / "python.sh"), "--version"]
    environ = {**os.environ, "KEDJA_PYTHON": "/bin/false"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "kedja: Python 3.11 or newer is missing: type `sudo apt-get install python3`"
    )


def test_two_checkouts_do_not_choose_ports_at_the_same_time(checkout: Checkout) -> None:
    choose = (
        "import sys; from deploy.local import ports\n"
        "with ports.choosing(): print(1, flush=True); sys.stdin.read()"
    )
    one, other = checkout.begin("-c", choose), checkout.begin("-c", choose)
    (inside,) = select.select([one.stdout, other.stdout], [], [], 20)[0]
    first, second = (one, other) if inside is one.stdout else (other, one)
    assert select.select([second.stdout], [], [], 0.5)[0] == []
    assert (first.communicate()[0], second.communicate()[0]) == ("1\n", "1\n")
