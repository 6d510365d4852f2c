"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from email.utils import parseaddr

from marshmallow import Schema, ValidationError, fields, validate

from chassis import config
from chassis.fields import Email, Text, mailable
from chassis.http import PageQuery

KINDS = (
    "assessment_invited",
    "assessment_completed",
    "risk_band_changed",
    "audit_confirmed",
    "audit_cancelled",
)
RECIPIENT_KINDS = ("region", "national_office", "auditor")
STATES = ("no_address", "queued", "sending", "sent", "failed")


def _sender(text: str) -> None:
    if mailable(parseaddr(text)[1]) is None:
        raise ValidationError("Must be an e-mail address in ASCII, such as kedja@regions.example.")


class Settings(config.Settings):
    """SMTP_URL: smtp://host:port. MAIL_FROM: an address, with a name if you like. RESPONDENT_URL: no path."""

    LINK_KEY = fields.String(required=True, validate=validate.Length(min=16))
    RESPONDENT_URL = fields.Url(required=True, require_tld=False, schemes={"http", "https"})
    SMTP_URL = fields.Url(required=True, require_tld=False, schemes={"smtp"})
    MAIL_FROM = fields.String(required=True, validate=_sender)


class NewRecipient(Schema):
    """A region, the national office, or an auditor: what to call them, where to write, in which language."""

    name = Text(200, required=True, metadata={"personal": True})
    email = Email(required=True, metadata={"personal": True})
    language = fields.String(required=True, validate=validate.OneOf(["sv", "en"]))


class RecipientView(NewRecipient):
    """A recipient as it is kept; `version` counts its changes."""

    kind = fields.String()
    id = fields.String()
    version = fields.Integer()


class RecipientQuery(PageQuery):
    """Only recipients of a kind."""

    key = ("kind", "id")

    kind = fields.String(load_default=None, validate=validate.OneOf(RECIPIENT_KINDS))


class NoticeQuery(PageQuery):
    """Filters of the list of notices, in the order of their making."""

    key = ("notice_id",)

    supplier_id = fields.UUID(load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class NoticeView(Schema):
    """A notice: what, to whom, and how far it has come. due_at is the next try, for one that waits for it."""

    notice_id = fields.UUID()
    kind = fields.String()
    event_id = fields.UUID()
    supplier_id = fields.UUID()
    category_id = fields.String()
    audit_id = fields.UUID(allow_none=True)
    recipient_kind = fields.String()
    recipient_id = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    due_at = fields.AwareDateTime()
    made_at = fields.AwareDateTime()
    accepted_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    correlation_id = fields.String()


class AttemptView(Schema):
    """One try to hand the mail to the server, and what the server said."""

    number = fields.Integer()
    at = fields.AwareDateTime()
    outcome = fields.String()
    smtp_code = fields.Integer(allow_none=True)
    reply = fields.String()


class NoticeDetails(NoticeView):
    """A notice with every attempt."""

    tries = fields.List(fields.Nested(AttemptView))
