"""Risk categories: their place, who answers for them, their analysis, and their years of priority."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from chassis.fields import Day, List, Text
from chassis.http import PageQuery, PathValues
from services.suppliers import reference
from services.suppliers.domain import AREAS
from services.suppliers.domain.cpv import DIGITS
from services.suppliers.schemas.common import LONGEST_NAME, SLUG, StoredDate, distinct

COORDINATED = "ABCDEFGH"
LONGEST_REASONS, LONGEST_SOURCE, MOST_SOURCES = 4000, 500, 20
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class Names(Schema):
    """What a category is called."""

    sv = Text(LONGEST_NAME, required=True)
    en = Text(LONGEST_NAME, required=True)


class Analysis(Schema):
    """A category's risk in one area, valid to and with a day."""

    likelihood = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    severity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    valid_until = StoredDate(required=True)


class GroundedAnalysis(Analysis):
    """A category's risk in one area, with why it is said to be so, and from what: texts or links."""

    reasons = Text(LONGEST_REASONS, lines=True, load_default=None, allow_none=True)
    sources = List(
        Text(LONGEST_SOURCE), load_default=list, validate=[validate.Length(max=MOST_SOURCES), distinct]
    )


def _analyses(entry: type[Schema]) -> Any:
    """Return the field of an analysis: one entry per area in their order, null where none was made."""
    nested = fields.Nested(entry, allow_none=True)
    return List(nested, required=True, validate=validate.Length(equal=len(AREAS)))


def _check_prefix(prefix: str) -> None:
    """Refuse what no code of the vocabulary begins with, and a whole code that is none."""
    known = reference.cpv()
    if prefix not in known and (len(prefix) == DIGITS or not any(code.startswith(prefix) for code in known)):
        raise ValidationError("No CPV 2008 code begins so.")


class _Category(Schema):
    names = fields.Nested(Names, required=True)
    responsible_area = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(COORDINATED))
    prioritised_years = List(
        fields.Integer(strict=True, validate=validate.Range(_FIRST_YEAR, _LAST_YEAR)), validate=distinct
    )
    cpv_prefixes = List(
        fields.String(validate=[validate.Regexp(r"[0-9]{2,8}\Z"), _check_prefix]),
        load_default=list,
        validate=distinct,
    )


class NewCategory(_Category):
    """A risk category; `analysis` has one entry per area in their order, null where none was made.

    `parent_id`: the category that it is part of. `responsible_area` null: that of the nearest category above
    that has one. `prioritised_years` left out: they stay; a year that is new is decided by who writes.
    """

    parent_id = fields.String(load_default=None, allow_none=True, validate=SLUG)
    analysis = _analyses(GroundedAnalysis)

    example: ClassVar[dict[str, Any]] = {
        "names": {"sv": "Operationshandskar", "en": "Surgical gloves"},
        "parent_id": "handskar",
        "responsible_area": "F",
        "prioritised_years": [2026],
        "cpv_prefixes": ["33141420"],
        "analysis": [
            {
                "likelihood": 4,
                "severity": 5,
                "valid_until": "2027-12-31",
                "reasons": "Fees for recruitment are common where most gloves are made.",
                "sources": ["Field study of five factories, 2026"],
            },
            {"likelihood": 5, "severity": 4, "valid_until": "2027-12-31", "reasons": None, "sources": []},
            {"likelihood": 2, "severity": 3, "valid_until": "2027-12-31", "reasons": None, "sources": []},
            None,
        ],
    }


class CategoryPath(PathValues):
    """What a category can be called in its address."""

    category_id = fields.String(validate=SLUG)


class CategoryState(_Category):
    """A category as it is told to the others; `responsible_area` is the one that answers for it in effect."""

    analysis = _analyses(Analysis)
    category_id = fields.String()


class CategoryView(NewCategory):
    """A category as it is kept; `version` counts its changes, `analysis_version` those of its analysis.

    `effective_area`: who answers for it, its own area or the nearest above; null: the national office.
    """

    category_id = fields.String()
    version = fields.Integer()
    effective_area = fields.String(allow_none=True, validate=validate.OneOf(COORDINATED))
    analysis_version = fields.Integer()

    example: ClassVar[dict[str, Any]] = {
        "category_id": "operationshandskar",
        "version": 1,
        "effective_area": "F",
        "analysis_version": 1,
        **NewCategory.example,
    }


class CategoryQuery(PageQuery):
    """Only those below one category, of one area in effect, or with priority in a year."""

    key = ("category_id",)
    sorts: ClassVar = {"category_id": "category_id"}

    parent_id = fields.String(load_default=None)
    area = fields.String(load_default=None, validate=validate.OneOf(COORDINATED))
    prioritised_year = fields.Integer(load_default=None, validate=validate.Range(_FIRST_YEAR, _LAST_YEAR))


class AnalysisVersion(Schema):
    """An analysis as it was from `changed_at` on, written by `changed_by`; null: before this was kept."""

    version = fields.Integer()
    analysis = _analyses(GroundedAnalysis)
    changed_by = fields.String(allow_none=True)
    changed_at = fields.AwareDateTime(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "version": 1,
        "analysis": NewCategory.example["analysis"],
        "changed_by": "kim@office.example",
        "changed_at": "2026-02-03T09:15:00+00:00",
    }


class AnalysisQuery(PageQuery):
    """Every version of a category's analysis; oldest first."""

    key = ("version",)
    sorts: ClassVar = {"version": "version"}


class NewPriority(Schema):
    """Who has decided, and when, that a category has priority in a year."""

    decided_by = Text(LONGEST_NAME, required=True)
    decided_on = Day(required=True)
    note = Text(LONGEST_REASONS, load_default=None, allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "decided_by": "The regions' steering group",
        "decided_on": "2025-11-18",
        "note": "Minutes of 18 November, item 7.",
    }


class PriorityView(Schema):
    """A year in which a category has priority; nulls where a decision is older than what is kept of it."""

    category_id = fields.String()
    year = fields.Integer()
    version = fields.Integer()
    decided_by = fields.String(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    note = fields.String(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "category_id": "handskar",
        "year": 2026,
        "version": 1,
        **NewPriority.example,
    }


class PriorityQuery(PageQuery):
    """A category's years with priority."""

    key = ("year",)
    sorts: ClassVar = {"year": "year"}
