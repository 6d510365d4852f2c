"""The Common Procurement Vocabulary, and what it proposes."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.fields import Text
from services.suppliers.schemas.categories import Names

MOST_FOUND = 200
LONGEST_SOUGHT = 100


class Labels(Schema):
    """What a code means."""

    sv = fields.String()
    en = fields.String()


class CpvCode(Schema):
    """A code and what it means."""

    code = fields.String()
    labels = fields.Nested(Labels)


class Proposed(Schema):
    """A category of which a prefix, the longest that there is, is the code's."""

    category_id = fields.String()
    names = fields.Nested(Names)
    prefix = fields.String()


_SURGICAL = {"code": "33141420", "labels": {"sv": "Operationshandskar", "en": "Surgical gloves"}}


class CpvView(CpvCode):
    """A code with those above it, outermost first, those right below it, and the categories that it proposes.

    A contract's own category decides, whatever is proposed.
    """

    parents = fields.List(fields.Nested(CpvCode))
    children = fields.List(fields.Nested(CpvCode))
    proposed = fields.List(fields.Nested(Proposed))

    example: ClassVar[dict[str, Any]] = {
        **_SURGICAL,
        "parents": [
            {
                "code": "33000000",
                "labels": {
                    "sv": "Medicinsk utrustning, läkemedel och hygienartiklar",
                    "en": "Medical equipments, pharmaceuticals and personal care products",
                },
            }
        ],
        "children": [],
        "proposed": [
            {
                "category_id": "handskar",
                "names": {"sv": "Handskar", "en": "Gloves"},
                "prefix": "33141420",
            }
        ],
    }


class CpvQuery(Schema):
    """What to look for: words of a label (Swedish, English) or a code's first digits; else the divisions."""

    text = Text(LONGEST_SOUGHT, load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST_FOUND))


class CpvFound(Schema):
    """The codes that fit best; `found` counts all that fit."""

    found = fields.Integer()
    items = fields.List(fields.Nested(CpvCode))

    example: ClassVar[dict[str, Any]] = {"found": 1, "items": [_SURGICAL]}
