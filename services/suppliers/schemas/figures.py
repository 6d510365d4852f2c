"""This service's part of the annual report."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from services.suppliers.domain import AREAS, BANDS, NO_DATA
from services.suppliers.schemas.leverage import FIRST_YEAR, LAST_YEAR

_BANDS: dict[str, int] = {"very_low": 3, "low": 8, "medium": 21, "high": 11, "very_high": 4, "no_data": 2}
_NAMES = {"sv": "Operationshandskar", "en": "Surgical gloves"}


class Figure(Schema):
    """A single number with what it counts, in Swedish and English."""

    id = fields.String()
    value = fields.Integer()
    label_sv = fields.String()
    label_en = fields.String()


Bands = Schema.from_dict({band: fields.Integer() for band in (*BANDS, NO_DATA)}, name="BandCounts")


class CategoryFigures(Schema):
    """A category's cases; `by_band` null: only the office sees it (so few cases, or beside such)."""

    category_id = fields.String()
    names = fields.Dict(fields.String(), fields.String())
    prioritised = fields.Boolean()
    cases = fields.Integer()
    by_band = fields.Nested(Bands, allow_none=True)


class AnalysisFigure(Schema):
    """A category whose risk analysis was made or revised in the year, and the areas that it covers."""

    category_id = fields.String()
    names = fields.Dict(fields.String(), fields.String())
    areas = fields.List(fields.String(validate=validate.OneOf(AREAS)))


class PublishedFigures(Schema):
    """A year's figures; `suppliers_by_band` by each one's worst category, at the year's end or `as_of`; null
    where so few have a score that only the office sees it.

    `state` live: they change until the office publishes them; published: they stay as they are.
    """

    year = fields.Integer()
    state = fields.String(validate=validate.OneOf(["live", "published"]))
    as_of = fields.AwareDateTime()
    published_at = fields.AwareDateTime(allow_none=True)
    figures = fields.List(fields.Nested(Figure))
    suppliers_by_band = fields.Nested(Bands, allow_none=True)
    categories = fields.List(fields.Nested(CategoryFigures))
    risk_analyses = fields.List(fields.Nested(AnalysisFigure))

    example: ClassVar[dict[str, Any]] = {
        "year": 2026,
        "state": "published",
        "as_of": "2026-12-31T23:00:00+00:00",
        "published_at": "2027-02-01T08:00:00+00:00",
        "figures": [
            {
                "id": "risk_analyses",
                "value": 1,
                "label_sv": "nya eller omarbetade produktriskanalyser",
                "label_en": "new or revised product risk analyses",
            }
        ],
        "suppliers_by_band": _BANDS,
        "categories": [
            {
                "category_id": "handskar",
                "names": _NAMES,
                "prioritised": True,
                "cases": 49,
                "by_band": _BANDS,
            }
        ],
        "risk_analyses": [
            {"category_id": "handskar", "names": _NAMES, "areas": ["human_rights", "workers_rights"]}
        ],
    }


class FiguresView(PublishedFigures):
    """The same with who published them: whose work it is sees that."""

    published_by = fields.String(allow_none=True)

    example: ClassVar[dict[str, Any]] = {**PublishedFigures.example, "published_by": "kim"}


class FiguresQuery(Schema):
    """Which year."""

    year = fields.Integer(
        required=True, validate=validate.Range(FIRST_YEAR, LAST_YEAR), metadata={"example": FIRST_YEAR}
    )
