"""Scores as they are shown: every term by the name that it has in the rules."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.http import PageQuery
from services.suppliers.domain import AREAS, BANDS, NO_DATA

STAGES = ("self_declared", "reviewed", "audited")

# What the examples of several schemas share.
_AREA = {
    "country": 80,
    "category": 75.2,
    "inherent": 77.6,
    "partial": False,
    "mitigation": 0.42,
    "residual": 45.1,
}
_CELL = {"stage": "reviewed", "confidence": 0.6, "score": 70}
_CASE = {
    "category_id": "handskar",
    "score": 52.3,
    "band": "high",
    "previous_score": 71.8,
    "previous_band": "very_high",
    "as_of": "2026-11-21T12:00:00+00:00",
    "stage": "reviewed",
    "rule_set": "2026-1",
    "datasets": {"CPI": 2025, "EPI": 2024, "ITUC_GRI": 2026},
    "dataset_versions": {"CPI": 2, "EPI": 1, "ITUC_GRI": 1},
    "analysis_version": 3,
    "no_data_areas": [],
    "areas": dict.fromkeys(AREAS, _AREA),
    "cells": [[_CELL, None, None, None], *[[None] * 4] * 6],
    "claim_gap": 12.5,
    "critical_open": 0,
    "severe_open": 1,
    "not_cooperating": False,
    "recommendation": "audit",
    "site_known": True,
    "deviations": [
        {
            "deviation_id": "01938f43-2c3d-7e50-8f60-7b8c9d0e1f50",
            "areas": ["environment"],
            "severe": True,
            "overdue": False,
        }
    ],
    "causes": ["01938f40-1f2e-7a10-8b1c-2d3e4f5a6b10"],
}


class AreaView(Schema):
    """One area's terms, 0-100 and higher is worse; `mitigation` is a share 0-1."""

    country = fields.Decimal(allow_none=True)
    category = fields.Decimal(allow_none=True)
    inherent = fields.Decimal(allow_none=True)
    partial = fields.Boolean()  # type: ignore[assignment]  # marshmallow takes fields out of the class
    mitigation = fields.Decimal()
    residual = fields.Decimal(allow_none=True)


Areas = Schema.from_dict({area: fields.Nested(AreaView) for area in AREAS}, name="Areas")


class CellView(Schema):
    """What counts in a cell of the 7 x 4 matrix: stage, confidence (0-1), score (0-100)."""

    stage = fields.String(validate=validate.OneOf(STAGES))
    confidence = fields.Decimal()
    score = fields.Decimal()


class Headline(Schema):
    """A supplier's worst category."""

    category_id = fields.String()
    score = fields.Decimal()
    band = fields.String(validate=validate.OneOf(BANDS))


class OpenDeviation(Schema):
    """An open deviation that counts in a score; it may name no area."""

    deviation_id = fields.UUID()
    areas = fields.List(fields.String(validate=validate.OneOf(AREAS)))
    severe = fields.Boolean()
    overdue = fields.Boolean()


class CaseView(Schema):
    """A case's score with its terms; score null and band no_data where nothing is known.

    `cells`: 7 rows (PR1-PR7) of 4 (the areas), null where nothing counts; null before anything was heard.
    `datasets`: the year of each index, and `dataset_versions` which import of it; `analysis_version`: which
    analysis of the category. Null: not kept, of scores from before versions were.
    `claim_gap`: by how many points the claimed mean exceeds the audited one, null without both.
    """

    category_id = fields.String()
    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf([*BANDS, NO_DATA]))
    previous_score = fields.Decimal(allow_none=True)
    previous_band = fields.String(allow_none=True, validate=validate.OneOf([*BANDS, NO_DATA]))
    as_of = fields.AwareDateTime()
    stage = fields.String(allow_none=True, validate=validate.OneOf(STAGES))
    rule_set = fields.String()
    datasets = fields.Dict(fields.String(), fields.Integer())
    dataset_versions = fields.Dict(fields.String(), fields.Integer(), allow_none=True)
    analysis_version = fields.Integer(allow_none=True)
    no_data_areas = fields.List(fields.String(validate=validate.OneOf(AREAS)))
    areas = fields.Nested(Areas)
    cells = fields.List(fields.List(fields.Nested(CellView, allow_none=True)), allow_none=True)
    claim_gap = fields.Decimal(allow_none=True)
    critical_open = fields.Integer()
    severe_open = fields.Integer()
    not_cooperating = fields.Boolean()
    recommendation = fields.String(allow_none=True)
    site_known = fields.Boolean()
    deviations = fields.List(fields.Nested(OpenDeviation))
    causes = fields.List(fields.UUID())


class RiskView(Schema):
    """A supplier's risk: all its cases, and the worst of those that have a score."""

    supplier_id = fields.UUID()
    headline = fields.Nested(Headline, allow_none=True)
    cases = fields.List(fields.Nested(CaseView))

    example: ClassVar[dict[str, Any]] = {
        "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "headline": {"category_id": "handskar", "score": 52.3, "band": "high"},
        "cases": [_CASE],
    }


class HistoryQuery(PageQuery):
    """Only one category's scores; oldest first."""

    key = ("score_id",)

    category_id = fields.String(load_default=None)


class PastScore(CaseView):
    """A score as it was computed, with the facts that give it again under its rule set."""

    score_id = fields.UUID()
    inputs = fields.Dict()

    example: ClassVar[dict[str, Any]] = {
        "score_id": "01938f40-2a3b-7b20-9c2d-3e4f5a6b7c20",
        "inputs": {"sites": [{"country": "CN", "tier": 1}], "datasets": {"ITUC_GRI": 2026}},
        **_CASE,
    }
