"""Every mail as a person reads it. KEDJA_WRITE_GOLDEN=1 writes the expected texts anew: then read them."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from chassis import links
from services.notifications import headers, mail
from services.notifications.domain import Mail
from services.notifications.rules import MATRIX, WORDS
from tests.notifications import examples

GOLDEN = Path(__file__).with_name("golden")
SERVICES = Path(mail.__file__).parents[1]
USUAL = [(kind, recipient, "", {}) for kind, rule in MATRIX.items() for recipient in rule.hears]
SPECIAL: list[tuple[str, str, str, dict[str, Any]]] = [
    ("assessment_completed", "national_office", "critical", {"facts": {"critical": ["Q301", "Q402"]}}),
    ("assessment_invited", "supplier_contact", "office_unknown", {"office_name": None, "office_email": None}),
    ("audit_confirmed", "region", "unannounced", {"facts": {"announced": False}}),
    ("audit_confirmed", "auditor", "unannounced", {"facts": {"announced": False}}),
    ("audit_confirmed", "auditor", "recommended", {"facts": {"rule": "2026.1/8+recommendation"}}),
    ("audit_confirmed", "region", "rule_unknown", {"facts": {"rule": "2027.1/11"}}),
    ("audit_cancelled", "auditor", "unannounced", {"facts": {"announced": False, "kind": "factory"}}),
    ("audit_cancelled", "region", "no_reason", {"facts": {"reason": " "}, "auditor_name": None}),
    ("audit_confirmed", "supplier_contact", "factory", {"facts": {"kind": "factory"}, "auditor_name": None}),
    (
        "risk_band_changed",
        "region",
        "no_score",
        {"facts": {"score": None, "band": "no_data", "no_data_areas": list(WORDS["sv"]["area"])}},
    ),
    (
        "risk_band_changed",
        "region",
        "from_no_data",
        {"facts": {"previous_score": None, "previous_band": "no_data", "no_data_areas": []}, "contracts": []},
    ),
]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(("kind", "recipient", "case", "changed"), USUAL + SPECIAL)
def test_every_mail_reads_as_it_should(
    kind: str, recipient: str, case: str, changed: dict[str, Any], language: str
) -> None:
    subject, body = mail.text(examples.mail(kind, recipient, language, **changed), examples.SETTINGS)
    name = ".".join(filter(None, [kind, recipient, case, language, "txt"]))
    text = f"{subject}\n\n{body}"
    if os.environ.get("KEDJA_WRITE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_word_exists_in_both_languages(language: str) -> None:
    words, other = WORDS[language], WORDS["en" if language == "sv" else "sv"]
    shared = [key for key in words if isinstance(words[key], dict) and key != "an_audit"]
    assert {key: set(words[key]) for key in shared} == {key: set(other[key]) for key in shared}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_row_of_the_audit_policy_that_can_lead_to_an_audit_has_words(language: str) -> None:
    policy = tomllib.loads((SERVICES / "audits" / "policy.toml").read_text(encoding="utf-8"))
    rows = {str(row["number"]) for row in policy["rows"]}
    assert set(WORDS[language]["rule"]) == rows | {"recommendation", "other"}


@pytest.mark.parametrize("recipient", ["supplier_contact", "region"])
@pytest.mark.parametrize("kind", ["audit_confirmed", "audit_cancelled"])
def test_who_does_not_work_with_the_policy_reads_no_rule_number(kind: str, recipient: str) -> None:
    for language in ("sv", "en"):
        assert "2026.1" not in "".join(mail.text(examples.mail(kind, recipient, language), examples.SETTINGS))


def test_a_reason_that_a_person_wrote_is_one_line_and_never_reaches_the_supplier() -> None:
    reason = {"reason": "Closed.\r\n\r\nClick here"}
    for recipient in ("region", "national_office", "auditor"):
        _, body = mail.text(
            examples.mail("audit_cancelled", recipient, "en", facts=reason), examples.SETTINGS
        )
        assert "Closed. Click here" in body
    _, body = mail.text(examples.mail("audit_cancelled", "supplier_contact", "en"), examples.SETTINGS)
    assert "lagt ned" not in body


def test_headers_say_what_the_mail_is_and_where_it_comes_from() -> None:
    letter = mail.write(examples.mail("audit_confirmed", "region", "sv"), examples.SETTINGS, examples.NOW)
    message = message_from_bytes(letter.as_bytes(eight_bits=True), policy=policy.default)
    assert list(message.items()) == [
        ("From", "Kedja <kedja@kansliet.example>"),
        ("To", "Region Skåne <hallbarhet@skane.example>"),
        ("Reply-To", "Nationella kansliet <office@kansliet.example>"),
        (
            "Subject",
            "Kontorsrevision bokad: Exempelleverantör 017 AB, Kirurgiska instrument, den 14 december 2026",
        ),
        ("Date", "Sat, 21 Nov 2026 09:30:00 +0000"),
        ("Message-ID", "<019a0000-0000-7000-8000-000000000001@kansliet.example>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Correlation-ID", "corr-1"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "8bit"),
        ("MIME-Version", "1.0"),
        ("Content-Language", "sv"),
    ]


def as_the_email_package_has_it(whole: Mail, settings: dict[str, str], cte: str) -> bytes:
    """Write a mail with nothing but the email package and our header source."""
    subject, body = mail.text(whole, settings)
    message = EmailMessage(policy=policy.SMTP.clone(refold_source="none", cte_type=cte))
    name, address = parseaddr(settings["MAIL_FROM"])
    message.set_raw("From", headers.mailbox("From", name, address))
    message.set_raw("To", headers.mailbox("To", whole.name or "", whole.email or ""))
    if whole.office_email:
        message.set_raw("Reply-To", headers.mailbox("Reply-To", whole.office_name or "", whole.office_email))
    message.set_raw("Subject", headers.text("Subject", subject))
    message["Date"] = examples.NOW
    message["Message-ID"] = f"<{whole.notice_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_raw("X-Correlation-ID", headers.text("X-Correlation-ID", whole.correlation_id))
    fits = all(len(line.encode()) <= 998 for line in body.splitlines())
    message.set_content(body, cte="8bit" if fits else "quoted-printable")
    message["Content-Language"] = whole.language
    return message.as_bytes()


@pytest.mark.parametrize("domain", ["kansliet.example", f"{'hallbar-upphandling.' * 5}example"])
@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    ("kind", "recipient", "case", "changed"),
    [
        *USUAL,
        *SPECIAL,
        ("audit_confirmed", "auditor", "", {"legal_name": "ö" * 600, "correlation_id": "y " * 90}),
        ("audit_confirmed", "auditor", "", {"legal_name": "Exempelleverantör " * 9, "name": "Åsa " * 30}),
    ],
)
def test_what_goes_out_is_octet_for_octet_what_the_email_package_makes_of_it(
    kind: str, recipient: str, case: str, changed: dict[str, Any], language: str, domain: str
) -> None:
    whole = examples.mail(kind, recipient, language, **changed)
    settings = {**examples.SETTINGS, "MAIL_FROM": f"Kedja på prov <kedja@{domain}>"}
    letter = mail.write(whole, settings, examples.NOW)
    for eight_bits, cte in ((True, "8bit"), (False, "7bit")):
        expected = as_the_email_package_has_it(whole, settings, cte)
        assert letter.as_bytes(eight_bits=eight_bits) == expected, case


def test_the_link_opens_this_generation_of_the_invitation_only() -> None:
    _, body = mail.text(examples.mail("assessment_invited", "supplier_contact", "en"), examples.SETTINGS)
    invitation, generation = examples.INVITED["invitation_id"], examples.INVITED["generation"]
    code = links.code(examples.SETTINGS["LINK_KEY"], invitation, generation)
    assert f"https://svar.kansliet.example/api/v1/assessments/respond#{invitation}.{code}\n" in body


def test_no_name_can_add_a_header_or_a_paragraph() -> None:
    evil = "Evil AB\r\nBcc: victim@elsewhere.example\r\n\r\nClick here\u2028now"
    forged = examples.mail(
        "audit_confirmed",
        "auditor",
        "en",
        legal_name=evil,
        name=evil,
        names={"en": evil},
        office_name=evil,
        auditor_name=evil,
        correlation_id=evil,
    )
    raw = mail.write(forged, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=True)
    message = message_from_bytes(raw, policy=policy.default)
    assert "Bcc" not in message
    assert len(message.keys()) == 12
    assert [str(each.addr_spec) for each in message["To"].addresses] == ["maria.berg@revision.example"]
    assert message["X-Correlation-ID"] == "Evil AB Bcc: victim@elsewhere.example Click here now"
    assert not any(line.startswith(("Bcc:", "Click")) for line in message.get_content().splitlines())


def test_a_fact_that_the_event_did_not_bring_is_a_fault_and_no_gap_in_the_text() -> None:
    whole = examples.mail("audit_confirmed", "region", "sv")
    facts = {name: value for name, value in whole.facts.items() if name != "due_on"}
    with pytest.raises(UndefinedError, match="due_on"):
        mail.text(replace(whole, facts=facts), examples.SETTINGS)


def test_a_recipient_who_has_lost_the_address_gets_no_mail() -> None:
    lost = examples.mail("audit_confirmed", "region", "sv", email=None)
    with pytest.raises(ValueError, match="no address"):
        mail.write(lost, examples.SETTINGS, examples.NOW)
