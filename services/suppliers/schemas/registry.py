"""Suppliers with their identifiers, contacts, sites and contracts."""

from __future__ import annotations

from typing import Any, ClassVar

import stdnum.ean
import stdnum.eu.vat
import stdnum.lei
import stdnum.se.orgnr
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from stdnum.exceptions import ValidationError as NumberError

from chassis.fields import Email, Text
from chassis.http import PageQuery
from services.suppliers import reference
from services.suppliers.schemas.common import (
    COUNTRY,
    LANGUAGES,
    LONGEST_NAME,
    LONGEST_TEXT,
    REGION,
    SLUG,
    StoredDate,
    Terms,
    distinct,
)

MOST_OWN_NUMBERS, MOST_LOOKED_UP = 100, 1000
CLAUSE_LEVELS = ("basic", "advanced")
STATUSES = ("active", "inactive")

# What each scheme's numbers are checked by; a GLN has the check digit of an EAN-13.
IDENTIFIERS: dict[str, Any] = {
    "orgnr": stdnum.se.orgnr,
    "vat": stdnum.eu.vat,
    "lei": stdnum.lei,
    "gln": stdnum.ean,
}
LENGTHS = {"lei": 20, "gln": 13}  # not checked, or not only these, by the library


# What the examples of several schemas share.
_CONTACT_ID = "01938f3e-5c1b-7c01-9c33-1d2e3f4a5b01"
_CONTACT = {
    "name": "Kim Exempel",
    "email": "kim@leverantor-017.example",
    "language": "sv",
    "role": "respondent",
}
_SITE = {"name": "Fabrik ett", "tier": 1, "country": "CN", "category_ids": ["handskar"]}
_CONTRACT = {
    "category_id": "handskar",
    "regions": ["01", "14"],
    "clause_level": "advanced",
    "clause_version": "2024-1",
    "starts_on": "2025-01-01",
    "ends_on": "2028-12-31",
    "value_ore": 12_500_000_000,
    "terms": {"remedy_days": 30},
    "reference": "01-2024-117",
}
_OWN_NUMBER = {"region": "01", "number": "L-100117"}


def check_country(code: str) -> None:
    if code not in reference.COUNTRIES:
        raise ValidationError("Must be an ISO 3166-1 alpha-2 country code.")


def check_region(code: str) -> None:
    if code not in reference.REGIONS:
        raise ValidationError("Must be a Swedish county code, such as 01.")


class Identifier(fields.String):
    """A number of one scheme, kept in its compact form."""

    def __init__(self, scheme: str, **kwargs: Any) -> None:
        """Name the scheme."""
        super().__init__(**kwargs)
        self.scheme = scheme

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = str(IDENTIFIERS[self.scheme].validate(text))
        except NumberError as fault:
            raise ValidationError(f"Is no valid {self.scheme}: {fault}") from None
        length = LENGTHS.get(self.scheme, len(number))
        if len(number) != length:
            raise ValidationError(f"Must have {length} characters.")
        return number


Identifiers = Schema.from_dict({scheme: Identifier(scheme) for scheme in IDENTIFIERS}, name="Identifiers")


class Contact(Schema):
    """A person at the supplier, and what they answer for."""

    name = Text(LONGEST_NAME, required=True, metadata={"personal": True})
    email = Email(required=True, metadata={"personal": True})
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    role = Text(LONGEST_TEXT, required=True)


class Site(Schema):
    """A production site; tier 0 is the supplier's own."""

    name = Text(LONGEST_NAME, required=True)
    tier = fields.Integer(required=True, strict=True, validate=validate.Range(0, 9))
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    category_ids = fields.List(fields.String(validate=SLUG), required=True, validate=distinct)


class Contract(Schema):
    """A contract in one category; `terms` holds the clause's periods, `ends_on` null means unknown."""

    category_id = fields.String(required=True, validate=SLUG)
    regions = fields.List(
        fields.String(validate=check_region, metadata=REGION),
        required=True,
        validate=[validate.Length(min=1), distinct],
    )
    clause_level = fields.String(required=True, validate=validate.OneOf(CLAUSE_LEVELS))
    clause_version = Text(LONGEST_TEXT, required=True)
    starts_on = StoredDate(required=True)
    ends_on = StoredDate(load_default=None, allow_none=True)
    value_ore = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**63 - 1))
    terms = Terms(load_default=dict)
    reference = Text(LONGEST_TEXT, load_default=None, allow_none=True)

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **_: Any) -> None:
        if data["ends_on"] and data["ends_on"] < data["starts_on"]:
            raise ValidationError("Must not be before starts_on.", "ends_on")


class OwnNumber(Schema):
    """What a region calls a supplier in its own register."""

    region = fields.String(required=True, validate=check_region, metadata=REGION)
    number = Text(LONGEST_TEXT, required=True)


class NewSupplier(Schema):
    """A supplier to register, with everything that is known of it."""

    legal_name = Text(LONGEST_NAME, required=True)
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    identifiers = fields.Nested(Identifiers, load_default=dict)
    contacts = fields.List(fields.Nested(Contact), load_default=list)
    sites = fields.List(fields.Nested(Site), load_default=list)
    contracts = fields.List(fields.Nested(Contract), load_default=list)
    own_numbers = fields.List(
        fields.Nested(OwnNumber), load_default=list, validate=validate.Length(max=MOST_OWN_NUMBERS)
    )

    example: ClassVar[dict[str, Any]] = {
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "language": "sv",
        "identifiers": {"orgnr": "5565436168", "gln": "7300010000001"},
        "contacts": [_CONTACT],
        "sites": [_SITE],
        "contracts": [_CONTRACT],
        "own_numbers": [_OWN_NUMBER],
    }


class ContactView(Contact):
    """A contact as it is kept."""

    contact_id = fields.UUID()


class SiteView(Site):
    """A site as it is kept."""

    site_id = fields.UUID()


class ContractView(Contract):
    """A contract as it is kept."""

    contract_id = fields.UUID()


class KnownContact(Contact):
    """A contact in a change: with the id that it has, or none for a new one."""

    contact_id = fields.UUID(load_default=None, allow_none=True)


class SupplierChange(Schema):
    """The editable part of a supplier, whole: what is left out is gone. Contracts and sites stay."""

    legal_name = Text(LONGEST_NAME, required=True)
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    identifiers = fields.Nested(Identifiers, required=True)
    contacts = fields.List(fields.Nested(KnownContact), required=True)

    example: ClassVar[dict[str, Any]] = {
        "legal_name": "Exempelleverantör 017 Holding AB",
        "country": "SE",
        "language": "sv",
        "identifiers": {"orgnr": "5565436168", "gln": "7300010000001"},
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
    """A supplier with all ids; `version` counts changes of its editable part. Regions see tiers 0-1 only."""

    supplier_id = fields.UUID()
    version = fields.Integer()
    legal_name = fields.String()
    country = fields.String(metadata=COUNTRY)
    status = fields.String(validate=validate.OneOf(STATUSES))
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    registered_at = fields.AwareDateTime()
    identifiers = fields.Dict(fields.String(), fields.String())
    contacts = fields.List(fields.Nested(ContactView))
    sites = fields.List(fields.Nested(SiteView))
    contracts = fields.List(fields.Nested(ContractView))
    own_numbers = fields.List(fields.Nested(OwnNumber))

    example: ClassVar[dict[str, Any]] = {
        "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "version": 1,
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "status": "active",
        "language": "sv",
        "registered_at": "2026-11-21T12:00:00+00:00",
        "identifiers": {"orgnr": "5565436168", "gln": "7300010000001"},
        "contacts": [{"contact_id": _CONTACT_ID, **_CONTACT}],
        "sites": [{"site_id": "01938f3e-5c1b-7d02-8f6e-8a4b1c2d3e02", **_SITE}],
        "contracts": [{"contract_id": "01938f3e-5c1b-7e03-b1a9-5c6d7e8f9a03", **_CONTRACT}],
        "own_numbers": [_OWN_NUMBER],
    }


class Lookup(Schema):
    """Numbers of a region's own register to look suppliers up by."""

    region = fields.String(required=True, validate=check_region, metadata=REGION)
    numbers = fields.List(
        fields.String(validate=validate.Length(1, LONGEST_TEXT)),
        required=True,
        validate=validate.Length(1, MOST_LOOKED_UP),
    )

    example: ClassVar[dict[str, Any]] = {"region": "01", "numbers": ["L-100117", "L-100118"]}


class LookedUp(Schema):
    """The supplier that a region's own number means; null: none."""

    number = fields.String()
    supplier_id = fields.UUID(allow_none=True)


class LookupView(Schema):
    """An item per number, in the order in which they were asked."""

    items = fields.List(fields.Nested(LookedUp))

    example: ClassVar[dict[str, Any]] = {
        "items": [
            {"number": "L-100117", "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11"},
            {"number": "L-100118", "supplier_id": None},
        ]
    }


class SupplierQuery(PageQuery):
    """Filters of the list of suppliers; region: with a contract of that county code."""

    key = ("supplier_id",)
    sorts: ClassVar = {"legal_name": "legal_name", "registered_at": "registered_at"}

    category_id = fields.String(load_default=None)
    country = fields.String(load_default=None, validate=check_country, metadata=COUNTRY)
    region = fields.String(load_default=None, validate=check_region, metadata=REGION)
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))
