"""Rescorings of many cases, and trials of rule sets."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.http import PageQuery
from services.suppliers.domain import BANDS, NO_DATA

KINDS = ("rule_set", "dataset", "analysis", "decay", "trial")
ALL_BANDS = (*BANDS, NO_DATA)


class BandChange(Schema):
    """How many cases went from one band to another, or stayed."""

    band_before = fields.String(validate=validate.OneOf(ALL_BANDS))
    band_after = fields.String(validate=validate.OneOf(ALL_BANDS))
    cases = fields.Integer()


class WaveView(Schema):
    """A rescoring of many cases; a trial writes no score. `told`: cases whose band or a flag changed.

    `failure`: why it ended before all cases were scored, null if it did not. `bands` is the office's: null
    for everybody else, since those of few cases would tell scores of others. `changes_gone_at`: since when
    the cases that a trial would bring into another band are not listed any more (docs/risk-score.md).
    """

    wave_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(KINDS))
    about = fields.String()
    rule_set = fields.String()
    category_id = fields.String(allow_none=True)
    begun_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    failure = fields.String(allow_none=True)
    cases = fields.Integer()
    told = fields.Integer()
    changes_gone_at = fields.AwareDateTime(allow_none=True)
    bands = fields.List(fields.Nested(BandChange), allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "wave_id": "01938f41-0a1b-7c30-8d4e-5f6a7b8c9d30",
        "kind": "dataset",
        "about": "CPI/2025",
        "rule_set": "2026-1",
        "category_id": None,
        "begun_at": "2026-11-21T12:00:00+00:00",
        "ended_at": "2026-11-21T12:00:31+00:00",
        "failure": None,
        "cases": 4012,
        "told": 37,
        "changes_gone_at": None,
        "bands": [{"band_before": "high", "band_after": "medium", "cases": 37}],
    }


class WaveQuery(PageQuery):
    """Only waves of a kind, or those that run."""

    key = ("wave_id",)

    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    running = fields.Boolean(load_default=None)


class TrialChange(Schema):
    """A case that would be in another band.

    `why`: each area whose residual differs, before and after, by which terms; and `score`, where the rule set
    makes another score (`max`, `mean`, `step`, `severe_floor`) or band (`bands`) of areas.
    """

    supplier_id = fields.UUID()
    category_id = fields.String()
    score_before = fields.Decimal(allow_none=True)
    band_before = fields.String(validate=validate.OneOf(ALL_BANDS))
    score_after = fields.Decimal(allow_none=True)
    band_after = fields.String(validate=validate.OneOf(ALL_BANDS))
    why = fields.Dict()

    example: ClassVar[dict[str, Any]] = {
        "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "category_id": "handskar",
        "score_before": 61.2,
        "band_before": "high",
        "score_after": 58.9,
        "band_after": "medium",
        "why": {
            "environment": {"before": 52.1, "after": 44.3, "terms": ["inherent", "residual"]},
            "score": {"before": 61.2, "after": 58.9, "terms": ["max", "mean"]},
        },
    }


class TrialQuery(PageQuery):
    """Only cases that would leave or reach a band."""

    key = ("supplier_id", "category_id")

    band_before = fields.String(load_default=None, validate=validate.OneOf(ALL_BANDS))
    band_after = fields.String(load_default=None, validate=validate.OneOf(ALL_BANDS))
