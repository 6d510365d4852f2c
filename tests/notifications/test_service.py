"""The running service over real HTTP, a real broker and a real mail server."""

from __future__ import annotations

import json
import signal
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import outbox
from chassis.db import connect
from chassis.events import Event
from services.audits.events import AuditCancelled, AuditConfirmed
from tests.backbone import wait_until

AREAS = [{"likelihood": 3, "severity": 4, "valid_until": "2029-12-31"}] * 4
CATEGORY = {
    "names": {"sv": "Handskar", "en": "Gloves"},
    "responsible_area": "A",
    "prioritised_years": [],
    "cpv_prefixes": [],
    "analysis": AREAS,
}


def emit(platform: Any, producer: str, event: Event) -> None:
    """Let a producer's relay publish an event."""
    with closing(connect(platform.env[producer]["DATABASE_URL"])) as tx:
        outbox.emit(tx, [event])
        tx.commit()


def put_category(platform: Any) -> None:
    """Make sure of the category."""
    answer = platform.send("PUT", "suppliers", "/categories/notiser", CATEGORY)
    assert answer.status_code in (200, 201), answer.text


def register(platform: Any, email: str) -> dict[str, Any]:
    answer = platform.send(
        "POST",
        "suppliers",
        "/suppliers",
        {
            "legal_name": "Exempelleverantör 017 AB",
            "country": "SE",
            "language": "sv",
            "identifiers": {},
            "contacts": [{"name": "Anna Ek", "email": email, "language": "sv", "role": "sustainability"}],
            "sites": [],
            "contracts": [
                {
                    "category_id": "notiser",
                    "regions": ["12"],
                    "clause_level": "advanced",
                    "clause_version": "2.1",
                    "starts_on": "2026-01-01",
                    "ends_on": None,
                    "value_ore": 100,
                    "terms": {},
                }
            ],
        },
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def confirmed(supplier_id: str) -> Event:
    data = {
        "audit_id": uuid4(),
        "kind": "office",
        "supplier_id": UUID(supplier_id),
        "category_id": "notiser",
        "provisional": False,
        "starts_on": date(2026, 12, 14),
        "due_on": date(2027, 2, 19),
        "auditor_id": uuid4(),
        "announced": True,
        "reason": "for this test",
        "rule": "2026.1/7",
        "causes": [],
    }
    return Event(
        schema=AuditConfirmed, subject=str(data["audit_id"]), data=data, correlation_id="corr-of-the-chain"
    )


def test_a_confirmed_audit_becomes_mails_that_carry_the_correlation_id(platform: Any) -> None:
    put_category(platform)
    contact = f"{uuid4()}@leverantor.example"
    supplier_id = register(platform, contact)["supplier_id"]
    emit(platform, "audits", confirmed(supplier_id))
    (mail,) = wait_until(lambda: platform.mailbox.to(contact))
    assert mail["Subject"] == "Kontorsrevision av Exempelleverantör 017 AB den 14 december 2026"
    assert mail["X-Correlation-ID"] == "corr-of-the-chain"

    def sent() -> list[dict[str, Any]]:
        page = platform.get("notifications", "/notices", supplier_id=supplier_id, state="sent")
        return [notice for notice in page["items"] if notice["recipient_kind"] == "supplier_contact"]

    (notice,) = wait_until(sent)
    assert mail["Message-ID"].startswith(f"<{notice['notice_id']}@")
    whole = platform.get("notifications", f"/notices/{notice['notice_id']}")
    assert whole == notice | {
        "tries": [
            {
                "number": 1,
                "at": notice["accepted_at"],
                "outcome": "accepted",
                "smtp_code": 250,
                "reply": "accepted",
            }
        ]
    }
    said = [line for line in platform.log("notifications").splitlines() if notice["notice_id"] in line]
    assert [json.loads(line)["correlation_id"] for line in said if "mail_tried" in line] == [
        "corr-of-the-chain"
    ]
    assert 'mail{state="sent"}' in platform.ops("notifications", "/metrics").text


def test_a_cancelled_audit_is_mailed_to_whoever_had_its_confirmation(platform: Any) -> None:
    put_category(platform)
    contact = f"{uuid4()}@leverantor.example"
    told = confirmed(register(platform, contact)["supplier_id"])
    emit(platform, "audits", told)
    wait_until(lambda: platform.mailbox.to(contact))
    emit(platform, "audits", replace(told, schema=AuditCancelled))
    mails = wait_until(lambda: len(found := platform.mailbox.to(contact)) == 2 and found)
    assert mails[1]["Subject"].endswith("den 14 december 2026 är inställd")


def test_a_mail_waits_until_its_region_has_an_address(platform: Any) -> None:
    put_category(platform)
    emit(platform, "audits", confirmed(register(platform, f"{uuid4()}@leverantor.example")["supplier_id"]))
    region = f"{uuid4()}@skane.example"
    body = {"name": "Region Skåne", "email": region, "language": "en"}
    answer = platform.send("PUT", "notifications", "/recipients/region/12", body)
    kept = {"kind": "region", "id": "12", "version": answer.json()["version"], **body}
    assert (answer.status_code in (200, 201), answer.json()) == (True, kept)
    assert kept in platform.get("notifications", "/recipients")["items"]
    # those of the tests before this one, too
    assert {each["Content-Language"] for each in wait_until(lambda: platform.mailbox.to(region))} == {"en"}


@pytest.mark.slow
def test_a_service_that_is_killed_in_the_middle_of_sending_loses_no_mail(platform: Any) -> None:
    """Only the one mail in hand may go twice, and then under the same Message-ID."""
    put_category(platform)
    contact = f"{uuid4()}@leverantor.example"
    supplier_id = register(platform, contact)["supplier_id"]
    events = [confirmed(supplier_id) for _ in range(300)]
    with closing(connect(platform.env["audits"]["DATABASE_URL"])) as tx:
        outbox.emit(tx, events)
        tx.commit()
    wait_until(lambda: len(platform.mailbox.to(contact)) > 50, 60)
    platform.stop("notifications", signal.SIGKILL)
    assert len(platform.mailbox.to(contact)) < len(events)
    platform.start("notifications")
    platform.await_ready("notifications")

    def sent() -> list[dict[str, Any]]:
        # others hear of these audits too, where earlier tests have written addresses
        notices = platform.listed("notifications", "/notices", supplier_id=supplier_id, state="sent")
        return [notice for notice in notices if notice["recipient_kind"] == "supplier_contact"]

    wait_until(lambda: len(sent()) == len(events), 100)
    arrived = Counter(mail["Message-ID"].strip("<>").split("@")[0] for mail in platform.mailbox.to(contact))
    assert set(arrived) == {notice["notice_id"] for notice in sent()}
    assert arrived.total() <= len(events) + 1


@pytest.mark.parametrize(
    ("path", "body", "status", "pointers"),
    [
        (
            "region/Skåne",
            {"name": "", "email": "x", "language": "fi"},
            422,
            ["/email", "/language", "/name", "{recipient_id}"],
        ),
        (
            "region/Skåne",
            {"name": "S", "email": "s@skane.example", "language": "sv"},
            422,
            ["{recipient_id}"],
        ),
        ("mayor/1", {"name": "S", "email": "s@skane.example", "language": "sv"}, 404, None),
    ],
)
def test_a_refused_recipient_is_told_every_fault(
    platform: Any, path: str, body: dict[str, str], status: int, pointers: list[str] | None
) -> None:
    answer = platform.send("PUT", "notifications", f"/recipients/{path}", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    named = [error["pointer"] for error in answer.json()["errors"]] if pointers else None
    assert named == pointers


def test_a_misspelt_filter_is_refused(platform: Any) -> None:
    answer = platform.send("GET", "notifications", "/notices?stat=sent&kind=gossip", None)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["?kind", "?stat"]
