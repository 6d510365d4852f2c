"""What would a case's score be if: the question and the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.fields import Id, List
from services.suppliers.domain import AREAS, BANDS, NO_DATA, ROWS
from services.suppliers.schemas.common import LONGEST_TEXT, SLUG
from services.suppliers.schemas.risk import STAGES, Areas, CellView

_MOST_CELLS, _MOST_DEVIATIONS = len(AREAS) * len(ROWS), 100
_AREA = {
    "country": 80,
    "category": 75.2,
    "inherent": 77.6,
    "partial": False,
    "mitigation": 0.42,
    "residual": 58.0,
}


class ChangedCell(Schema):
    """A cell with another score (0-100), known by `stage`; null: by what counts there now."""

    row = fields.String(required=True, validate=validate.OneOf(ROWS))
    area = fields.String(required=True, validate=validate.OneOf(AREAS))
    score = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100))
    stage = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(STAGES))


class WhatIf(Schema):
    """What to suppose of a case; `reach`: name the smallest single changes that lead to this band."""

    category_id = fields.String(required=True, validate=SLUG)
    cells = List(fields.Nested(ChangedCell), load_default=list, validate=validate.Length(max=_MOST_CELLS))
    closed_deviations = List(Id(), load_default=list, validate=validate.Length(max=_MOST_DEVIATIONS))
    rule_set = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST_TEXT))
    reach = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(BANDS))

    example: ClassVar[dict[str, Any]] = {
        "category_id": "handskar",
        "cells": [{"row": "PR3", "area": "environment", "score": 80, "stage": "reviewed"}],
        "closed_deviations": [],
        "rule_set": None,
        "reach": "medium",
    }


class Terms(Schema):
    """A score with its terms."""

    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf([*BANDS, NO_DATA]))
    areas = fields.Nested(Areas)
    cells = fields.List(fields.List(fields.Nested(CellView, allow_none=True)), allow_none=True)


class WayView(Schema):
    """A single change that suffices, and what it leads to: a cell's least score, or a closed deviation."""

    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf([*BANDS, NO_DATA]))
    cell = fields.Nested(ChangedCell, allow_none=True)
    deviation_id = fields.UUID(allow_none=True)


class WhatIfView(Schema):
    """The score on today's facts, and with what is supposed; `ways` to the band asked for, if any.

    `reached`: what is supposed is in that band, or a safer one, already: there is nothing to do.
    """

    category_id = fields.String()
    as_of = fields.AwareDateTime()
    rule_set = fields.String()
    now = fields.Nested(Terms)
    then = fields.Nested(Terms)
    reached = fields.Boolean(allow_none=True)
    ways = fields.List(fields.Nested(WayView), allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "category_id": "handskar",
        "as_of": "2026-11-21T12:00:00+00:00",
        "rule_set": "2026-1",
        "now": {"score": 62.4, "band": "high", "areas": dict.fromkeys(AREAS, _AREA), "cells": None},
        "then": {"score": 60.1, "band": "high", "areas": dict.fromkeys(AREAS, _AREA), "cells": None},
        "reached": False,
        "ways": [
            {
                "score": 59.9,
                "band": "medium",
                "cell": {"row": "PR6", "area": "workers_rights", "score": 85, "stage": None},
                "deviation_id": None,
            }
        ],
    }
