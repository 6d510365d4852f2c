"""What inherent risk is computed from: categories with their analysis, and country indices."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.fields import Text
from chassis.http import PageQuery
from services.suppliers.domain import AREAS
from services.suppliers.schemas.common import LONGEST_NAME, StoredDate, distinct


class Names(Schema):
    """What a category is called."""

    sv = Text(LONGEST_NAME, required=True)
    en = Text(LONGEST_NAME, required=True)


class Analysis(Schema):
    """A category's risk in one area, valid to and with a day."""

    likelihood = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    severity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    valid_until = StoredDate(required=True)


class NewCategory(Schema):
    """A risk category; `analysis` has one entry per area in their order, null where none was made."""

    names = fields.Nested(Names, required=True)
    responsible_area = fields.String(load_default=None, allow_none=True, validate=validate.OneOf("ABCDEFGH"))
    prioritised_years = fields.List(
        fields.Integer(strict=True, validate=validate.Range(2000, 2100)),
        load_default=list,
        validate=distinct,
    )
    cpv_prefixes = fields.List(
        fields.String(validate=validate.Regexp(r"[0-9]{2,8}\Z")), load_default=list, validate=distinct
    )
    analysis = fields.List(
        fields.Nested(Analysis, allow_none=True), required=True, validate=validate.Length(equal=len(AREAS))
    )

    example: ClassVar[dict[str, Any]] = {
        "names": {"sv": "Operationshandskar", "en": "Surgical gloves"},
        "responsible_area": "F",
        "prioritised_years": [2026],
        "cpv_prefixes": ["33141420"],
        "analysis": [
            {"likelihood": 4, "severity": 5, "valid_until": "2027-12-31"},
            {"likelihood": 5, "severity": 4, "valid_until": "2027-12-31"},
            {"likelihood": 2, "severity": 3, "valid_until": "2027-12-31"},
            None,
        ],
    }


class CategoryState(NewCategory):
    """A category as it is told to the others."""

    category_id = fields.String()


class CategoryView(CategoryState):
    """A category as it is kept; `version` counts its changes."""

    version = fields.Integer()

    example: ClassVar[dict[str, Any]] = {"category_id": "handskar", "version": 1, **NewCategory.example}


class CategoryQuery(PageQuery):
    """All risk categories."""

    key = ("category_id",)
    sorts: ClassVar = {"category_id": "category_id"}


class CountryValues(Schema):
    """An index's whole year: ISO 3166-1 alpha-3 code -> value as published."""

    values = fields.Dict(
        keys=fields.String(), values=fields.Raw(), required=True, validate=validate.Length(min=1)
    )

    example: ClassVar[dict[str, Any]] = {"values": {"CHN": 5, "DEU": 1, "MYS": 4, "SWE": 1}}


class DatasetView(Schema):
    """An imported year of an index; `version` counts its imports. A score uses each index's newest year."""

    index = fields.String()
    year = fields.Integer()
    version = fields.Integer()
    imported_at = fields.AwareDateTime()
    countries = fields.Integer()

    example: ClassVar[dict[str, Any]] = {
        "index": "ITUC_GRI",
        "year": 2026,
        "version": 1,
        "imported_at": "2026-06-12T07:30:00+00:00",
        "countries": 151,
    }


class DatasetQuery(PageQuery):
    """Only one index's years."""

    key = ("index", "year")
    sorts: ClassVar = {"year": "year", "imported_at": "imported_at"}

    index = fields.String(load_default=None)
