"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis import config
from chassis.fields import Email, Text, mailable
from chassis.http import PageQuery, PathValues
from services.notifications import domain

KINDS = (
    "assessment_invited",
    "assessment_completed",
    "risk_band_changed",
    "audit_confirmed",
    "audit_cancelled",
)
RECIPIENT_KINDS = ("region", "national_office", "auditor")
OUTCOMES = ("accepted", "temporary", "permanent")
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

    example: ClassVar[dict[str, Any]] = {
        "name": "Region Exempel",
        "email": "hallbarhet@region-01.example",
        "language": "sv",
    }


class RecipientPath(PathValues):
    """Whom an address names: a region by its county code, an auditor by a UUID, the office as itself."""

    kind = fields.String(validate=validate.OneOf(RECIPIENT_KINDS))
    recipient_id = fields.String()

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_: Any) -> None:
        fault = domain.fault_of_recipient(data["kind"], data["recipient_id"])
        if fault:
            raise ValidationError(fault, "recipient_id")


class RecipientView(NewRecipient):
    """A recipient as it is kept; `version` counts its changes."""

    kind = fields.String(validate=validate.OneOf(RECIPIENT_KINDS))
    id = fields.String()
    version = fields.Integer()

    example: ClassVar[dict[str, Any]] = {"kind": "region", "id": "01", "version": 2, **NewRecipient.example}


class RecipientQuery(PageQuery):
    """Only recipients of a kind."""

    key = ("kind", "id")
    sorts: ClassVar = {"name": "name"}

    kind = fields.String(load_default=None, validate=validate.OneOf(RECIPIENT_KINDS))


class NoticeQuery(PageQuery):
    """Filters of the list of notices, in the order of their making."""

    key = ("notice_id",)
    sorts: ClassVar = {"made_at": "made_at"}

    supplier_id = fields.UUID(load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class NoticeView(Schema):
    """A notice: what, to whom, and how far it has come. due_at is the next try, for one that waits for it."""

    notice_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(KINDS))
    event_id = fields.UUID()
    supplier_id = fields.UUID()
    category_id = fields.String()
    audit_id = fields.UUID(allow_none=True)
    recipient_kind = fields.String(validate=validate.OneOf(["supplier_contact", *RECIPIENT_KINDS]))
    recipient_id = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    attempts = fields.Integer()
    due_at = fields.AwareDateTime()
    made_at = fields.AwareDateTime()
    accepted_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    correlation_id = fields.String()

    example: ClassVar[dict[str, Any]] = {
        "notice_id": "01938f70-1a2b-7c80-8d8e-9f0a1b2c3d80",
        "kind": "audit_confirmed",
        "event_id": "01938f60-4d5e-7f90-9a9b-0c1d2e3f4a90",
        "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "category_id": "handskar",
        "audit_id": "01938f60-1a2b-7c50-8d5e-6f7a8b9c0d50",
        "recipient_kind": "region",
        "recipient_id": "01",
        "state": "sent",
        "attempts": 1,
        "due_at": "2026-12-17T06:00:01+00:00",
        "made_at": "2026-12-17T06:00:01+00:00",
        "accepted_at": "2026-12-17T06:00:02+00:00",
        "reason": None,
        "correlation_id": "01938f40-0a1b-7c00-8d0e-1f2a3b4c5d00",
    }


class AttemptView(Schema):
    """One try to hand the mail to the server, and what the server said."""

    number = fields.Integer()
    at = fields.AwareDateTime()
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    smtp_code = fields.Integer(allow_none=True)
    reply = fields.String()


class NoticeDetails(NoticeView):
    """A notice with every attempt."""

    tries = fields.List(fields.Nested(AttemptView))

    example: ClassVar[dict[str, Any]] = {
        **NoticeView.example,
        "tries": [
            {
                "number": 1,
                "at": "2026-12-17T06:00:02+00:00",
                "outcome": "accepted",
                "smtp_code": 250,
                "reply": "2.0.0 Ok: queued",
            }
        ],
    }
