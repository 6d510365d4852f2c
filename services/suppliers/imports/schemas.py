"""The rows of the imports, a field a column."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import Text
from services.suppliers.schemas.common import LANGUAGES, LONGEST_NAME, LONGEST_TEXT
from services.suppliers.schemas.registry import (
    IDENTIFIERS,
    Contact,
    Contract,
    Identifier,
    Identifiers,
    OwnNumber,
    check_country,
    check_region,
)

_COUNTY = "a Swedish county code, such as 01"
_ID = "the supplier's id in this platform, as exports have it"
_NUMBERS = {
    "orgnr": "a Swedish organisation number, such as 556543-6168",
    "vat": "a VAT number of an EU country, such as SE556543616801",
    "lei": "a legal entity identifier of 20 characters",
    "gln": "a global location number of 13 digits",
}


class County(fields.String):
    """A county code; a spreadsheet makes 1 of 01."""

    def __init__(self, **kwargs: Any) -> None:
        """Add what is accepted."""
        super().__init__(validate=check_region, metadata={"accepted": _COUNTY}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        return text.zfill(2) if text.isdecimal() else text


class _Named(Schema):
    """The columns that say which supplier a row is about: one is enough, several must agree."""

    supplier_id = fields.UUID(metadata={"accepted": _ID})
    orgnr = Identifier("orgnr", metadata={"accepted": _NUMBERS["orgnr"]})
    vat = Identifier("vat", metadata={"accepted": _NUMBERS["vat"]})
    lei = Identifier("lei", metadata={"accepted": _NUMBERS["lei"]})
    gln = Identifier("gln", metadata={"accepted": _NUMBERS["gln"]})
    region = County()
    own_number = Text(LONGEST_TEXT)

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        if ("own_number" in data) != ("region" in data):
            missing = "region" if "own_number" in data else "own_number"
            raise ValidationError("The region and its own number belong together.", missing)
        if not any(map(data.get, (*IDENTIFIERS, "supplier_id", "own_number", "identifiers", "own_numbers"))):
            raise ValidationError(
                "The row names no supplier: it needs an orgnr, vat, lei or gln, a region and own_number, or a"
                " supplier_id."
            )


class SupplierRow(_Named):
    """A supplier; `identifiers` and `own_numbers` are as an export has them, JSON."""

    legal_name = Text(LONGEST_NAME)
    country = fields.String(
        validate=check_country, metadata={"accepted": "an ISO 3166-1 alpha-2 code, such as SE"}
    )
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    identifiers = fields.Nested(Identifiers)
    own_numbers = fields.List(fields.Nested(OwnNumber), metadata={"accepted": 'JSON: [{"region", "number"}]'})

    @validates_schema
    def _one_of_a_scheme(self, data: dict[str, Any], **_: Any) -> None:
        others = data.get("identifiers", {})
        faults = {
            scheme: [f"The row's identifiers have another one: {other}."]
            for scheme, other in others.items()
            if data.get(scheme, other) != other
        }
        if faults:
            raise ValidationError(faults)

    example: ClassVar[dict[str, Any]] = {
        "orgnr": "5565436168",
        "region": "01",
        "own_number": "L-100117",
        "legal_name": "Exempelleverantör 017 AB",
        "country": "SE",
        "language": "sv",
    }


class ContactRow(Contact, _Named):
    """A contact person of a supplier."""

    example: ClassVar[dict[str, Any]] = {
        "region": "01",
        "own_number": "L-100117",
        "name": "Kim Exempel",
        "email": "kim@leverantor-017.example",
        "language": "sv",
        "role": "respondent",
    }


class ContractRow(Contract, _Named):
    """A contract with a supplier; `reference`: what the region calls it."""

    reference = Text(LONGEST_TEXT, required=True)
    regions = fields.List(County(), required=True, validate=Contract().fields["regions"].validate)

    example: ClassVar[dict[str, Any]] = {
        "orgnr": "5565436168",
        "reference": "01-2024-117",
        "category_id": "handskar",
        "regions": ["01"],
        "clause_level": "advanced",
        "clause_version": "2024-1",
        "starts_on": "2025-01-01",
        "ends_on": "2028-12-31",
        "value_ore": 12_500_000_000,
    }
