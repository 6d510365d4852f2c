"""Finding suppliers: the list's filters, and look-ups by numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import List, Text
from chassis.http import PageQuery
from services.suppliers.domain import BANDS, NO_DATA
from services.suppliers.schemas.common import (
    COUNTRY,
    LONGEST_NAME,
    LONGEST_TEXT,
    REGION,
    check_country,
    check_region,
)
from services.suppliers.schemas.identifiers import IN_NO_URL, OPEN, SCHEMES, names_person, read_number
from services.suppliers.schemas.registry import STATUSES

MOST_LOOKED_UP = 1000
_SHORTEST, _FEWEST_LETTERS = 3, 2


class Fragment(Text):
    """A part of a name, long enough to be found by an index, and no natural person's number."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) < _SHORTEST or sum(map(str.isalnum, text)) < _FEWEST_LETTERS:
            raise ValidationError(f"Must have at least {_SHORTEST} characters, letters or digits among them.")
        if names_person(text):
            raise ValidationError(IN_NO_URL)
        return text


class OpenIdentifier(fields.Field[tuple[str, str]]):
    """`scheme:number` of a scheme that may stand in a URL: (scheme, number as it is kept)."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, str]:
        scheme, _, number = str(value).partition(":")
        if scheme not in OPEN:
            raise ValidationError(f"Must begin with one of: {', '.join(f'{each}:' for each in OPEN)}.")
        kept, number = read_number(scheme, number)
        if kept != scheme:
            raise ValidationError(IN_NO_URL)
        return scheme, number


class SupplierQuery(PageQuery):
    """Filters of the list of suppliers; all that are given must hold.

    `name`: a part of the name, 3 characters or more, whatever their case and accents (å, ä and ö are letters
    of their own), without a natural person's number: that stands in no URL. `identifier`: scheme:number, of
    archived ones too. `region`: with a contract of that county code, among those you are shown whole. `band`:
    that of the worst case, of those that are yours. `status`: archived ones are listed only where it is asked
    for.
    """

    key = ("supplier_id",)
    sorts: ClassVar = {"legal_name": "legal_name", "registered_at": "registered_at"}

    name = Fragment(LONGEST_NAME, load_default=None)
    identifier = OpenIdentifier(load_default=None)
    category_id = fields.String(load_default=None)
    country = fields.String(load_default=None, validate=check_country, metadata=COUNTRY)
    region = fields.String(load_default=None, validate=check_region, metadata=REGION)
    band = fields.String(load_default=None, validate=validate.OneOf([*BANDS, NO_DATA]))
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class Lookup(Schema):
    """Numbers to look suppliers up by: those of your region's own register, or those of one scheme.

    Of natural persons' numbers, in whatever scheme they stand, ten at most, unless the office asks.
    """

    region = fields.String(validate=check_region, metadata=REGION)
    scheme = fields.String(validate=validate.OneOf(list(SCHEMES)))
    numbers = List(
        fields.String(validate=validate.Length(1, LONGEST_TEXT)),
        most=MOST_LOOKED_UP,
        required=True,
        validate=validate.Length(min=1),
    )

    example: ClassVar[dict[str, Any]] = {"region": "01", "numbers": ["L-100117", "L-100118"]}

    @validates_schema
    def _of_one_kind(self, data: dict[str, Any], **_: Any) -> None:
        if ("region" in data) == ("scheme" in data):
            raise ValidationError("Name either the region or the scheme that the numbers are of.")


class LookedUp(Schema):
    """The supplier that a number means; null: none. `fault`: why it can be none, such as a check digit."""

    number = fields.String()
    supplier_id = fields.UUID(allow_none=True)
    fault = fields.String(allow_none=True)


class LookupView(Schema):
    """An item per number, in the order in which they were asked."""

    items = fields.List(fields.Nested(LookedUp))

    example: ClassVar[dict[str, Any]] = {
        "items": [
            {
                "number": "L-100117",
                "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
                "fault": None,
            },
            {"number": "L-100118", "supplier_id": None, "fault": None},
        ]
    }
