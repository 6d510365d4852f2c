"""Suppliers as they are registered, changed and shown."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import Email, Id, List, Text
from services.suppliers.schemas.common import (
    COUNTRY,
    LANGUAGES,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
    REGION,
    StoredDate,
    check_country,
    check_region,
)
from services.suppliers.schemas.contracts import CONTRACT, Contract, ContractView
from services.suppliers.schemas.identifiers import Identifiers, IdentifiersView
from services.suppliers.schemas.sites import SITE, Site, SiteView

MOST_OWN_NUMBERS, MOST_SITES, MOST_CONTRACTS = 100, 200, 200
STATUSES = ("active", "inactive", "archived")
# How much of a supplier a caller sees: all that it may, or only what is shared with everybody.
WHOLE, SHARED = "whole", "shared"

# What the examples of several schemas share.
_CONTACT_ID = "01938f3e-5c1b-7c01-9c33-1d2e3f4a5b01"
_CONTACT = {
    "name": "Kim Exempel",
    "email": "kim@leverantor-017.example",
    "language": "sv",
    "role": "respondent",
}
_NUMBERS = {"orgnr": "5565436168", "gln": "7300010000001", "peppol": "0007:5565436168"}
_OWN_NUMBER = {"region": "01", "number": "L-100117"}


class Contact(Schema):
    """A person at the supplier, and what they answer for."""

    name = Text(LONGEST_NAME, required=True, metadata={"personal": True})
    email = Email(required=True, metadata={"personal": True})
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    role = Text(LONGEST_TEXT, required=True)


class OwnNumber(Schema):
    """What a region calls a supplier in its own register."""

    region = fields.String(required=True, validate=check_region, metadata=REGION)
    number = Text(LONGEST_TEXT, required=True)


class _WithContacts(Schema):
    """What names contacts: they are known by their addresses, whatever the case of these."""

    @validates_schema
    def _each_address_once(self, data: dict[str, Any], **_: Any) -> None:
        addresses = [contact["email"].lower() for contact in data["contacts"]]
        twice = [i for i, one in enumerate(addresses) if one in addresses[:i]]
        if twice:
            raise ValidationError({"contacts": {i: {"email": ["Is named twice."]} for i in twice}})


class OwnNumberRemoval(OwnNumber):
    """A region's own number that a supplier is not called any more, and why; name no person in the reason."""

    reason = Text(LONGEST_REASON, required=True)

    example: ClassVar[dict[str, Any]] = {**_OWN_NUMBER, "reason": "Typed on the wrong supplier"}


class NewSupplier(_WithContacts):
    """A supplier to register, with everything that is known of it."""

    legal_name = Text(LONGEST_NAME, required=True)
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    identifiers = fields.Nested(Identifiers, load_default=dict)
    contacts = List(fields.Nested(Contact), load_default=list)
    sites = List(fields.Nested(Site), most=MOST_SITES, load_default=list)
    contracts = List(fields.Nested(Contract), most=MOST_CONTRACTS, load_default=list)
    own_numbers = List(fields.Nested(OwnNumber), most=MOST_OWN_NUMBERS, load_default=list)

    @validates_schema
    def _each_reference_once(self, data: dict[str, Any], **_: Any) -> None:
        named = [contract["reference"] for contract in data["contracts"]]
        twice = [i for i, one in enumerate(named) if one is not None and one in named[:i]]
        if twice:
            raise ValidationError({"contracts": {i: {"reference": ["Is named twice."]} for i in twice}})

    example: ClassVar[dict[str, Any]] = {
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "language": "sv",
        "identifiers": _NUMBERS,
        "contacts": [_CONTACT],
        "sites": [SITE],
        "contracts": [CONTRACT],
        "own_numbers": [_OWN_NUMBER],
    }


class ContactView(Contact):
    """A contact as it is kept."""

    contact_id = fields.UUID()


class KnownContact(Contact):
    """A contact in a change: with the id that it has, or none for a new one."""

    contact_id = Id(load_default=None, allow_none=True)


class SupplierChange(_WithContacts):
    """The editable part of a supplier, whole: what is left out is gone. Contracts and sites stay.

    A number that the caller is not shown, a natural person's, stays where it is left out. `reason`: why a
    wrong registration is corrected; it stands in the audit trail, so name no person.
    """

    legal_name = Text(LONGEST_NAME, required=True)
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    identifiers = fields.Nested(Identifiers, required=True)
    contacts = List(fields.Nested(KnownContact), required=True)
    reason = Text(LONGEST_REASON, load_default=None, allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "legal_name": "Exempelleverantör 017 Holding AB",
        "country": "SE",
        "language": "sv",
        "identifiers": _NUMBERS,
        "contacts": [
            {"contact_id": _CONTACT_ID, **_CONTACT},
            {
                "name": "Robin Exempel",
                "email": "robin@leverantor-017.example",
                "language": "en",
                "role": "sustainability",
            },
        ],
    }


class SupplierView(Schema):
    """A supplier with all ids, `merged_ids` of those it absorbed; `version` counts its changes.

    `shown` is `whole` for the office and for those who have a contract with it, or, while it has none, a
    number of their own for it. For others it is `shared`: contacts, sites and contracts are null, which is
    not none, and so are own_numbers but for the caller's own.
    `categories`: of its contracts and sites; `countries`: where it produces, tiers 0-1. Regions see no deeper
    tiers, no sub-suppliers' names, and no natural person's number. `imported`: an import of the past made it.
    """

    supplier_id = fields.UUID()
    version = fields.Integer()
    legal_name = fields.String()
    country = fields.String(metadata=COUNTRY)
    status = fields.String(validate=validate.OneOf(STATUSES))
    status_reason = fields.String(allow_none=True)
    status_since = StoredDate(allow_none=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    registered_at = fields.AwareDateTime()
    imported = fields.Boolean()
    shown = fields.String(validate=validate.OneOf([WHOLE, SHARED]))
    identifiers = fields.Nested(IdentifiersView)
    categories = fields.List(fields.String())
    countries = fields.List(fields.String(metadata=COUNTRY))
    contacts = fields.List(fields.Nested(ContactView), allow_none=True)
    sites = fields.List(fields.Nested(SiteView), allow_none=True)
    contracts = fields.List(fields.Nested(ContractView), allow_none=True)
    own_numbers = fields.List(fields.Nested(OwnNumber), allow_none=True)
    merged_ids = fields.List(fields.UUID())

    example: ClassVar[dict[str, Any]] = {
        "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "version": 1,
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "status": "active",
        "status_reason": None,
        "status_since": None,
        "language": "sv",
        "registered_at": "2026-11-21T12:00:00+00:00",
        "imported": False,
        "shown": WHOLE,
        "identifiers": _NUMBERS,
        "categories": ["handskar"],
        "countries": ["CN"],
        "contacts": [{"contact_id": _CONTACT_ID, **_CONTACT}],
        "sites": [SiteView.example],
        "contracts": [ContractView.example],
        "own_numbers": [_OWN_NUMBER],
        "merged_ids": [],
    }


class Status(Schema):
    """What becomes of a supplier: `since` is a Stockholm date, today at the latest and where it is left out.

    An archived one takes no contract that runs and leaves the list; its past stays readable.
    """

    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = Text(LONGEST_REASON, required=True)
    since = StoredDate(load_default=None, allow_none=True)

    example: ClassVar[dict[str, Any]] = {"status": "archived", "reason": "Merged out of business"}
