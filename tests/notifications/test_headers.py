"""What others wrote is a value in a mail, never its source: any text, read back as a receiver reads it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications import mail
from services.notifications.domain import one_line
from tests.notifications import examples

if TYPE_CHECKING:
    from email.message import EmailMessage

OURS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Correlation-ID",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "Content-Language",
]
RECIPIENT, OFFICE = "anna.ek@leverantor017.example", "office@kansliet.example"
TO_SUPPLIER = ("assessment_invited", "supplier_contact", "sv")

HALF_A_CHARACTER = "=?utf-8?q?=C3?=["
A_BCC = "=?utf-8?q?=0D=0ABcc=3A_evil=40evil.example=0D=0A?="
ANOTHER_RECIPIENT = "=?utf-8?q?evil=40evil=2Eexample=2C?= x"
A_BODY = "=?utf-8?b?DQoNCkNsaWNrIGhlcmU=?="
# what an attacker would put together, beside whatever hypothesis thinks of
PIECES = [
    "=?",
    "?=",
    "?q?",
    "?b?",
    "utf-8",
    "=0D=0A",
    "=2C",
    "=C3",
    "Bcc:",
    "@",
    ",",
    ";",
    "<",
    ">",
    '"',
    "\\",
]
PIECES += ["(", ")", "[", ":", " ", "\r\n", "å", "\u2028", "\ud800", "x" * 80, "ö" * 80]
crafted = st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join)
texts = st.text() | crafted


def received(whole: mail.Mail, cte: str = "8bit") -> EmailMessage:
    """Write a mail and read it as its receiver does."""
    raw = mail.write(whole, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=cte == "8bit")
    return message_from_bytes(raw, policy=policy.default)  # type: ignore[arg-type]


def shown(raw: bytes, name: str) -> str:
    """A header as RFC 2047 wants it shown; policy.default keeps spaces between words in names (gh-92081)."""
    lines = raw.decode("ascii", "surrogateescape").split("\r\n\r\n")[0].replace("\r\n ", " ").splitlines()
    (value,) = [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
    return str(make_header(decode_header(value)))


@pytest.mark.parametrize("cte", ["8bit", "7bit"])
@given(name=texts, legal_name=texts, category=texts, office=texts, correlation=texts)
@example(HALF_A_CHARACTER, HALF_A_CHARACTER, HALF_A_CHARACTER, HALF_A_CHARACTER, HALF_A_CHARACTER)
@example(A_BCC, A_BCC, A_BCC, A_BCC, A_BCC)
@example(ANOTHER_RECIPIENT, ANOTHER_RECIPIENT, ANOTHER_RECIPIENT, ANOTHER_RECIPIENT, ANOTHER_RECIPIENT)
@example(A_BODY, A_BODY, A_BODY, A_BODY, A_BODY)
def test_whatever_names_hold_a_mail_has_our_headers_one_recipient_and_our_text(
    cte: str, name: str, legal_name: str, category: str, office: str, correlation: str
) -> None:
    fields = {"name": name, "legal_name": legal_name, "names": {"sv": category}, "office_name": office}
    whole = examples.mail(*TO_SUPPLIER, **fields, correlation_id=correlation)
    _, body = mail.text(whole, examples.SETTINGS)
    message = received(whole, cte)
    letter = mail.write(whole, examples.SETTINGS, examples.NOW)
    assert letter.as_bytes(eight_bits=True) == letter.message().as_bytes()
    assert message.keys() == OURS
    assert [each.addr_spec for each in message["To"].addresses] == [RECIPIENT]
    assert [each.addr_spec for each in message["Reply-To"].addresses] == [OFFICE]
    assert message["Content-Transfer-Encoding"].cte in {"8bit", "quoted-printable", "base64"}
    assert message.get_content().replace("\r\n", "\n") == body


@pytest.mark.parametrize("raw", [HALF_A_CHARACTER, A_BCC, ANOTHER_RECIPIENT, A_BODY])
def test_an_encoded_word_in_a_name_is_shown_as_it_was_typed(raw: str) -> None:
    whole = examples.mail(*TO_SUPPLIER, name=raw, names={"sv": raw})
    message = received(whole)
    assert raw in message["Subject"]
    sent = mail.write(whole, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=True)
    assert shown(sent, "To") == f"{raw} <{RECIPIENT}>"


@given(name=texts.filter(one_line), category=texts.filter(one_line))
def test_people_read_the_names_that_were_given(name: str, category: str) -> None:
    whole = examples.mail(*TO_SUPPLIER, name=name, names={"sv": category})
    sent = mail.write(whole, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=True)
    assert shown(sent, "To") == f"{one_line(name)} <{RECIPIENT}>"
    assert one_line(category) in shown(sent, "Subject")


@given(name=texts)
def test_no_line_is_longer_than_mail_servers_take(name: str) -> None:
    whole = examples.mail(*TO_SUPPLIER, name=name * 40, legal_name=name * 40, correlation_id=name * 40)
    sent = mail.write(whole, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=True)
    assert max(map(len, sent.split(b"\r\n"))) <= 998


def test_a_plain_name_stays_plain_in_the_source() -> None:
    whole = examples.mail("audit_confirmed", "region", "en", name="Region Dalarna")
    sent = mail.write(whole, examples.SETTINGS, examples.NOW).as_bytes(eight_bits=True)
    assert b"\r\nTo: Region Dalarna <hallbarhet@skane.example>\r\n" in sent


@pytest.mark.parametrize(
    "address", ["=?utf-8?q?evil=40evil.example=2C?=@x.example", "a@b.example, c@d.example"]
)
@pytest.mark.parametrize("field", ["email", "office_email"])
def test_no_mail_is_written_to_an_address_that_may_be_read_as_another(field: str, address: str) -> None:
    whole = examples.mail(*TO_SUPPLIER, **{field: address})
    with pytest.raises(ValueError, match="address"):
        mail.write(whole, examples.SETTINGS, examples.NOW)
