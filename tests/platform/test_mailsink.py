"""The mail sink as a process: an accepted mail is a file that a person can open."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from deploy.local.checkout import ROOT
from tests.backbone import wait_until
from tests.harness import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    number = free_port()
    script = ROOT / "deploy" / "local" / "mailsink.py"
    command = [sys.executable, str(script), "--port", str(number), "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until(lambda: answers(number))
    yield number
    process.terminate()
    assert process.wait(timeout=10) == 0


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def mail(to: str, subject: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = "kedja@kansliet.example", to, subject
    message.set_content("Hej!\n")
    return message


def test_an_accepted_mail_is_a_whole_file_with_a_readable_name(port: int, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(mail("anna@leverantör.example", "Självskattning 2026: svara före 1 mars"))
        (kept,) = tmp_path.iterdir()
    name = kept.name.split("-", 2)[2]
    assert name == "anna@leverantor.example-sjalvskattning-2026-svara-fore-1-mars.eml"
    read = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert read["Subject"] == "Självskattning 2026: svara före 1 mars"
    assert read["Delivered-To"] == "anna@leverantör.example"
    assert read.get_content().strip() == "Hej!"


def test_mails_alike_do_not_overwrite_each_other(port: int, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(12):
            client.send_message(mail("bo@leverantor.example", "Samma"))
    assert len(list(tmp_path.glob("*.eml"))) == len(list(tmp_path.iterdir())) == 12
