"""Rule sets of the risk score, as data: every weight, threshold and floor, checked before one is used."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import List, Text
from chassis.http import PageQuery
from services.suppliers.domain import AREAS, BANDS
from services.suppliers.schemas.common import LONGEST_TEXT, distinct
from services.suppliers.schemas.index_rules import IndexRules, number, points

STAGES = ("audited", "reviewed", "self_declared")


def _share() -> fields.Decimal:
    return number(0, 1)


class _Shares(Schema):
    """Weights that make one whole."""

    @validates_schema(skip_on_field_errors=False)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        names = self.weights
        if data.keys() >= set(names) and sum(data[name] for name in names) != 1:
            raise ValidationError(f"Must be 1 together with {' and '.join(names[:-1])}.", names[-1])

    weights: ClassVar[tuple[str, ...]]


def _keepable(step: Decimal) -> None:
    """Refuse steps that give scores which the tables would round once more: they keep one decimal."""
    if step not in {Decimal("0.1"), Decimal(1)}:
        raise ValidationError("Must be 0.1 or 1.")


class SiteRules(Schema):
    """Whose countries count: own production, the first tier, or both. Facts of deeper ones are not kept."""

    tiers = List(
        fields.Integer(strict=True, validate=validate.Range(0, 1)),
        required=True,
        validate=[validate.Length(min=1), distinct],
    )


class CountryRules(_Shares):
    """How countries weigh, and which indices an area's value is the mean of."""

    weights = ("worst", "mean")
    worst = _share()
    mean = _share()
    areas = fields.Nested(
        Schema.from_dict(
            {
                area: List(fields.String(), required=True, validate=[validate.Length(min=1), distinct])
                for area in AREAS
            },
            name="AreaIndices",
        ),
        required=True,
    )
    indices = fields.Dict(fields.String(), fields.Nested(IndexRules), required=True)

    @validates_schema(skip_on_field_errors=False)
    def _indices_are_described(self, data: dict[str, Any], **_: Any) -> None:
        known = data.get("indices", {})
        strange = {
            area: [f"Names {name}, which indices does not describe." for name in names if name not in known]
            for area, names in data.get("areas", {}).items()
        }
        if any(strange.values()):
            raise ValidationError({"areas": {area: faults for area, faults in strange.items() if faults}})


class CategoryRules(Schema):
    """What likelihood x severity is multiplied by."""

    factor = number(0, 100)


class InherentRules(_Shares):
    """How country and category weigh, and the floors under an area of a known severity."""

    weights = ("country", "category")
    country = _share()
    category = _share()
    severity_floors = fields.Dict(
        fields.String(validate=validate.OneOf(list("12345"))), points(), load_default=dict
    )


class DecayRules(Schema):
    """What is left of confidence on the last day of validity."""

    left_at_end = _share()


class ResidualRules(Schema):
    """What mitigation takes off, and what deviations put on."""

    mitigation = _share()
    per_deviation = points()
    per_overdue = points()
    severe_floor = points()


class ScoreRules(_Shares):
    """How the worst area and the mean weigh, and what a score is rounded to."""

    weights = ("max", "mean")
    max = _share()
    mean = _share()
    step = fields.Decimal(required=True, validate=_keepable)


class RuleSet(Schema):
    """A whole rule set; services/suppliers/rules explains the packaged one."""

    site = fields.Nested(SiteRules, required=True)
    country = fields.Nested(CountryRules, required=True)
    category = fields.Nested(CategoryRules, required=True)
    inherent = fields.Nested(InherentRules, required=True)
    confidence = fields.Nested(
        Schema.from_dict({stage: _share() for stage in STAGES}, name="Confidence"), required=True
    )
    decay = fields.Nested(DecayRules, required=True)
    residual = fields.Nested(ResidualRules, required=True)
    score = fields.Nested(ScoreRules, required=True)
    bands = fields.Nested(
        Schema.from_dict(
            {band: points() for band in BANDS[:-1]}
            | {BANDS[-1]: fields.String(required=True, validate=validate.Equal("above"))},
            name="BandLimits",
        ),
        required=True,
    )

    @validates_schema(skip_on_field_errors=False)
    def _bands_rise(self, data: dict[str, Any], **_: Any) -> None:
        bands = data.get("bands", {})
        if not bands.keys() >= set(BANDS[:-1]):
            return
        limits = [bands[band] for band in BANDS[:-1]]
        faults = {
            band: ["Must be above the limit before it."]
            for band, below, limit in zip(BANDS[1:-1], limits, limits[1:], strict=False)
            if limit <= below
        }
        if faults:
            raise ValidationError({"bands": faults})


class NewRuleSet(RuleSet):
    """A rule set to bring in."""

    example: ClassVar[dict[str, Any]] = {
        "site": {"tiers": [0, 1]},
        "country": {
            "worst": 0.5,
            "mean": 0.5,
            "areas": {
                "human_rights": ["WGI_VA_PCTRANK"],
                "workers_rights": ["ITUC_GRI"],
                "environment": ["EPI"],
                "business_ethics": ["CPI"],
            },
            "indices": {
                "WGI_VA_PCTRANK": {"low": 0, "high": 100},
                "ITUC_GRI": {
                    "low": 1,
                    "high": 6,
                    "labels": {"5+": 6},
                    "convert": {"1": 90, "2": 70, "3": 50, "4": 30, "5": 10, "6": 5},
                },
                "EPI": {"low": 0, "high": 100},
                "CPI": {"low": 0, "high": 100},
            },
        },
        "category": {"factor": 4},
        "inherent": {"country": 0.5, "category": 0.5, "severity_floors": {"5": 60}},
        "confidence": {"audited": 1, "reviewed": 0.7, "self_declared": 0.4},
        "decay": {"left_at_end": 0.5},
        "residual": {"mitigation": 0.6, "per_deviation": 10, "per_overdue": 10, "severe_floor": 85},
        "score": {"max": 0.5, "mean": 0.5, "step": 0.1},
        "bands": {"very_low": 20, "low": 40, "medium": 60, "high": 80, "very_high": "above"},
    }


class RuleSetView(Schema):
    """A rule set with its values; `created_at` null: it is packaged with the service."""

    name = fields.String()
    active = fields.Boolean()
    created_at = fields.AwareDateTime(allow_none=True)
    created_by = fields.String(allow_none=True)
    content = fields.Dict()

    example: ClassVar[dict[str, Any]] = {
        "name": "2026-1",
        "active": True,
        "created_at": None,
        "created_by": None,
        "content": {"score": {"max": 0.5, "mean": 0.5, "step": 0.1}},
    }


class RuleSetList(Schema):
    """All rule sets: there are few."""

    items = fields.List(fields.Nested(RuleSetView))

    example: ClassVar[dict[str, Any]] = {"items": [RuleSetView.example]}


class NewActivation(Schema):
    """Why a rule set is switched on."""

    reason = Text(5 * LONGEST_TEXT, required=True)

    example: ClassVar[dict[str, Any]] = {"reason": "Decided by the steering group on 12 November 2026."}


class ActivationView(Schema):
    """A rule set that was switched on."""

    activation_id = fields.UUID()
    rule_set = fields.String()
    activated_at = fields.AwareDateTime()
    activated_by = fields.String()
    reason = fields.String()

    example: ClassVar[dict[str, Any]] = {
        "activation_id": "01938f42-1b2c-7d40-9e5f-6a7b8c9d0e40",
        "rule_set": "2027-1",
        "activated_at": "2026-11-21T12:00:00+00:00",
        "activated_by": "kim",
        "reason": "Decided by the steering group on 12 November 2026.",
    }


class ActivationQuery(PageQuery):
    """What was switched on, oldest first."""

    key = ("activation_id",)
