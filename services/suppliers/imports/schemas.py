"""The rows of the imports, a field a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import List, Text
from services.suppliers.schemas.common import (
    LANGUAGES,
    LONGEST_NAME,
    LONGEST_TEXT,
    SLUG,
    check_country,
    check_region,
)
from services.suppliers.schemas.contracts import Contract, Cpv
from services.suppliers.schemas.identifiers import SCHEMES, Identifier, Identifiers
from services.suppliers.schemas.registry import MOST_OWN_NUMBERS, Contact, OwnNumber
from services.suppliers.schemas.sites import SITE, Site

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTY = "a Swedish county code, such as 01"
_CPV_DIGITS = 8
_ID = "the supplier's id in this platform, as exports have it"


class County(fields.String):
    """A county code; a spreadsheet makes 1 of 01."""

    def __init__(self, **kwargs: Any) -> None:
        """Add what is accepted."""
        super().__init__(validate=check_region, metadata={"accepted": _COUNTY}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        return text.zfill(2) if text.isdecimal() else text


class CpvCell(Cpv):
    """A CPV code; a spreadsheet makes 3000000 of 03000000."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(value).strip()
        short = len(text.partition("-")[0]) == _CPV_DIGITS - 1
        return super()._deserialize(f"0{text}" if short else text, attr, data, **kwargs)


class Code(fields.String):
    """A code that is read whatever its case: SE, se."""

    def __init__(self, fold: Callable[[str], str], **kwargs: Any) -> None:
        """Name the case that the code has: `str.upper` or `str.lower`."""
        super().__init__(**kwargs)
        self._fold = fold

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return self._fold(str(super()._deserialize(value, attr, data, **kwargs)).strip())


def _language(**kwargs: Any) -> Code:
    return Code(str.lower, validate=validate.OneOf(LANGUAGES), **kwargs)


def _country(**kwargs: Any) -> Code:
    accepted = {"accepted": "an ISO 3166-1 alpha-2 code, such as SE"}
    return Code(str.upper, validate=check_country, metadata=accepted, **kwargs)


def _number(scheme: str) -> Identifier:
    return Identifier(scheme, metadata={"accepted": SCHEMES[scheme].accepted})


class _Named(Schema):
    """The columns that say which supplier a row is about: one is enough, several must agree.

    A number is (the scheme that it is kept under, itself): a person's may stand as an orgnr.
    """

    supplier_id = fields.UUID(metadata={"accepted": _ID})
    orgnr = _number("orgnr")
    vat = _number("vat")
    lei = _number("lei")
    gln = _number("gln")
    peppol = _number("peppol")
    foreign = _number("foreign")
    personnr = _number("personnr")
    foreign_person = _number("foreign_person")
    region = County()
    own_number = Text(LONGEST_TEXT)

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _named(self, _: dict[str, Any], row: dict[str, Any], **__: Any) -> None:
        """Look at what the row has, not at what of it was right: that is told apart."""
        if ("own_number" in row) != ("region" in row):
            missing = "region" if "own_number" in row else "own_number"
            raise ValidationError("The region and its own number belong together.", missing)
        if not any(map(row.get, (*SCHEMES, "supplier_id", "own_number", "identifiers", "own_numbers"))):
            raise ValidationError(
                "The row names no supplier: it needs an orgnr or another number, a region and own_number,"
                " or a supplier_id."
            )


class SupplierRow(_Named):
    """A supplier; `identifiers` and `own_numbers` are as an export has them, JSON."""

    legal_name = Text(LONGEST_NAME)
    country = _country()
    language = _language()
    identifiers = fields.Nested(Identifiers)
    own_numbers = List(
        fields.Nested(OwnNumber), most=MOST_OWN_NUMBERS, metadata={"accepted": 'JSON: [{"region", "number"}]'}
    )

    @validates_schema(skip_on_field_errors=False)
    def _one_of_a_scheme(self, data: dict[str, Any], **_: Any) -> None:
        others = data.get("identifiers") or {}
        faults = {
            column: ["The row's identifiers have another one."]
            for column in SCHEMES.keys() & data.keys()
            if others.get(data[column][0], data[column][1]) != data[column][1]
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

    language = _language(required=True)

    example: ClassVar[dict[str, Any]] = {
        "region": "01",
        "own_number": "L-100117",
        "name": "Kim Exempel",
        "email": "kim@leverantor-017.example",
        "language": "sv",
        "role": "respondent",
    }


class SiteRow(Site, _Named):
    """A production site of a supplier, matched by its name and country."""

    country = _country(required=True)

    example: ClassVar[dict[str, Any]] = {"orgnr": "5565436168", **SITE}


class ContractRow(Contract, _Named):
    """A contract with a supplier; `reference`: what the region calls it."""

    category_id = fields.String(
        required=True, validate=SLUG, metadata={"accepted": "a category's id, such as handskar"}
    )
    cpv = CpvCell(
        metadata={"accepted": "a CPV 2008 code, with or without its check digit, such as 33141420-0"}
    )
    reference = Text(LONGEST_TEXT, required=True)
    regions = List(County(), required=True, validate=Contract().fields["regions"].validate)

    example: ClassVar[dict[str, Any]] = {
        "orgnr": "5565436168",
        "reference": "01-2024-117",
        "category_id": "handskar",
        "regions": ["01"],
        "clause_level": "advanced",
        "clause_version": "2024-1",
        "starts_on": "2025-01-01",
        "ends_on": "2028-12-31",
        "option_ends_on": "2030-12-31",
        "cpv": "33141420",
        "value_ore": 12_500_000_000,
    }
