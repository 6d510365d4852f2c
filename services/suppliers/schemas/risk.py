"""Scores as they are shown: every term by the name that it has in the rules."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from chassis.http import PageQuery
from services.suppliers.domain import AREAS, BANDS, NO_DATA


class AreaView(Schema):
    """One area's terms, 0-100 and higher is worse; `mitigation` is a share 0-1."""

    country = fields.Decimal(allow_none=True)
    category = fields.Decimal(allow_none=True)
    inherent = fields.Decimal(allow_none=True)
    partial = fields.Boolean()  # type: ignore[assignment]  # marshmallow takes fields out of the class
    mitigation = fields.Decimal()
    residual = fields.Decimal(allow_none=True)


Areas = Schema.from_dict({area: fields.Nested(AreaView) for area in AREAS}, name="Areas")


class Headline(Schema):
    """A supplier's worst category."""

    category_id = fields.String()
    score = fields.Decimal()
    band = fields.String(validate=validate.OneOf(BANDS))


class CaseView(Schema):
    """A case's score with its terms; score null and band no_data where nothing is known."""

    category_id = fields.String()
    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf([*BANDS, NO_DATA]))
    previous_score = fields.Decimal(allow_none=True)
    previous_band = fields.String(allow_none=True)
    as_of = fields.AwareDateTime()
    stage = fields.String(allow_none=True)
    rule_set = fields.String()
    datasets = fields.Dict(fields.String(), fields.Integer())
    no_data_areas = fields.List(fields.String())
    areas = fields.Nested(Areas)
    causes = fields.List(fields.UUID())


class RiskView(Schema):
    """A supplier's risk: all its cases, and the worst of those that have a score."""

    supplier_id = fields.UUID()
    headline = fields.Nested(Headline, allow_none=True)
    cases = fields.List(fields.Nested(CaseView))


class HistoryQuery(PageQuery):
    """Only one category's scores; oldest first."""

    key = ("score_id",)

    category_id = fields.String(load_default=None)


class PastScore(CaseView):
    """A score as it was computed, with the facts that give it again under its rule set."""

    score_id = fields.UUID()
    inputs = fields.Dict()
