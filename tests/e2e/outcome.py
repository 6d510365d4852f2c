"""What has become of cases, by the services' own word and the mail server's."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.backbone import wait_until
from tests.e2e import people, scene

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from email.message import EmailMessage

    from tests.e2e.people import Case
    from tests.harness import Platform

ONCE = "once"


def mails_about(platform: Platform, case: Case) -> list[EmailMessage]:
    """Every mail in which the supplier's name stands, whoever got it."""
    word = case.supplier["legal_name"].split()[1]
    with platform.mailbox.lock:
        mails = list(platform.mailbox.mails)
    return [mail for mail in mails if word in text(mail)]


@cache
def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return f"{mail['Subject']}\n{body.get_content()}"


def notice_of(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).strip("<> ").partition("@")[0]


def seen(platform: Platform, case: Case, twice: Collection[str] = ()) -> dict[str, Any]:
    """The case as the services tell it, in the form of `due`; `twice`: notices whose mail was sent again."""
    scores = read(platform, "suppliers", f"/suppliers/{case.supplier_id}/risk/history")["items"]
    causes = [cause for score in scores for cause in score["causes"]]
    audits = read(platform, "audits", f"/audits?supplier_id={case.supplier_id}")["items"]
    reacted_to = [event for decision in decisions(platform, case) for event in decision["events"]]
    notices = read(platform, "notifications", f"/notices?supplier_id={case.supplier_id}")["items"]
    return {
        "scores": [(score["score"], score["band"], score["stage"]) for score in scores],
        "causes": (len(causes), len(set(causes))),
        "audits": [(audit["kind"], audit["state"], audit["row"]) for audit in audits],
        "decided": (len(reacted_to), len(set(reacted_to))),
        "notices": sorted(_told(notice) for notice in notices),
        "mails": _mailed(platform, case, [notice["notice_id"] for notice in notices], twice),
    }


def decisions(platform: Platform, case: Case) -> list[dict[str, Any]]:
    answer = people.send(platform, "GET", "audits", f"/cases/{case.supplier_id}/{case.category_id}", None)
    return answer.json()["decisions"] if answer.ok else []


def read(platform: Platform, service: str, path: str) -> Any:
    answer = people.send(platform, "GET", service, path, None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _told(notice: dict[str, Any]) -> tuple[str, str, str, str]:
    to = "booked" if notice["recipient_kind"] == "auditor" else notice["recipient_id"]
    return notice["kind"], notice["recipient_kind"], to, notice["state"]


def _mailed(
    platform: Platform, case: Case, notices: Sequence[str], twice: Collection[str]
) -> str | dict[str, int]:
    """`ONCE` if the mail server has one mail for each notice and no other, else how many it has."""
    counts = Counter(notice_of(mail) for mail in mails_about(platform, case))
    counts.subtract(notice for notice in notices if notice in twice)
    return ONCE if counts == Counter(notices) else dict(counts)


def due(case: Case) -> dict[str, Any]:
    """What must have become of a completed case of `scene.supplier`: who must hear what is in DOMAIN.md."""
    contact = ("supplier_contact", case.assessment["contact_id"])
    office, auditor = ("national_office", "national_office"), ("auditor", "booked")
    regions = [("region", code) for code in scene.BUYERS]
    hears = {
        "assessment_invited": [contact],
        "assessment_completed": [contact, office],
        "risk_band_changed": [*regions, office],
        "audit_confirmed": [contact, *regions, office, auditor],
    }
    return {
        "scores": scene.SCORES,
        "causes": (2, 2),
        "audits": [("office", "confirmed", 7)],
        "decided": (2, 2),
        "notices": sorted((kind, *to, "sent") for kind, everybody in hears.items() for to in everybody),
        "mails": ONCE,
    }


def await_outcome(platform: Platform, cases: Sequence[Case], twice: Collection[str] = ()) -> None:
    """Wait until every case is as it must be, and nothing is left that could still double anything."""
    for case in cases:
        _await(platform, case, twice)
    await_sentinel(platform)
    assert [seen(platform, case, twice) for case in cases] == [due(case) for case in cases]


def _await(platform: Platform, case: Case, twice: Collection[str] = ()) -> None:
    try:
        wait_until(lambda: seen(platform, case, twice) == due(case), 30)
    except AssertionError:
        assert seen(platform, case, twice) == due(case)  # shows what differs


def await_sentinel(platform: Platform) -> None:
    """Send one more case the whole way: what was before it in any queue has been handled when it arrives."""
    [sentinel] = people.ready_to_complete(platform)
    assert people.complete(platform, sentinel).status_code == 200
    _await(platform, sentinel)
