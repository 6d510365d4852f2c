"""Reading policy.toml and planning.toml: every fault is named; with faulty ones nothing starts."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates, validates_schema

from services.audits.domain import planning
from services.audits.domain.policy import (
    AUDITS,
    BANDS,
    FACTS,
    MEASURES,
    OUTCOMES,
    RECOMMENDATIONS,
    Condition,
    Policy,
    Row,
    SiteRule,
)

_POSITIVE = validate.Range(min=1)
_OUTCOME = validate.OneOf(OUTCOMES)
_KINDS = tuple(AUDITS.values())
_AUDIT = validate.OneOf(tuple(AUDITS))


class When(fields.Field[tuple[Condition, ...]]):
    """A table of conditions: fact = true | false, fact = [bands], fact = { at_least = number }."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[Condition, ...]:
        if not isinstance(value, dict) or not value:
            raise ValidationError("Must be a table with at least one condition.")
        faults = {fact: [fault] for fact, test in value.items() if (fault := _fault(fact, test))}
        if faults:
            raise ValidationError(faults)
        return tuple(_condition(fact, test) for fact, test in value.items())


def _fault(fact: str, test: Any) -> str | None:
    """Say what is wrong with a condition, if anything is."""
    form = FACTS.get(fact)
    if form is None:
        return f"Unknown fact; known are {', '.join(FACTS)}."
    if form == "flag":
        return None if isinstance(test, bool) else "Must be true or false."
    if form == "count":
        fits = isinstance(test, dict) and list(test) == ["at_least"] and _is_number(test["at_least"])
        return None if fits else "Must be { at_least = number }."
    fits = isinstance(test, list) and bool(test) and all(band in (*BANDS, "no_data") for band in test)
    return None if fits else f"Must be a list of bands: {', '.join(BANDS)}, no_data."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _condition(fact: str, test: Any) -> Condition:
    if isinstance(test, dict):
        return Condition(fact, at_least=test["at_least"])
    return Condition(fact, values=tuple(test) if isinstance(test, list) else (test,))


class RowSchema(Schema):
    """[[rows]]: what each outcome needs beside it is checked too."""

    number = fields.Integer(required=True, strict=True)
    name = fields.String(required=True, validate=validate.Regexp(r"^[a-z_]+\Z"))
    when = When(required=True)
    then = fields.String(required=True, validate=_OUTCOME)
    weeks = fields.Integer(strict=True, validate=_POSITIVE)
    without_site = fields.String(validate=validate.OneOf(MEASURES))
    proposal = fields.String(validate=_AUDIT)
    decide_within_working_days = fields.Integer(strict=True, validate=_POSITIVE)
    suppressed_by_valid_audit = fields.Boolean()
    needs_contract_time = fields.Boolean()

    @validates_schema(skip_on_field_errors=False)
    def _complete(self, data: dict[str, Any], **_: Any) -> None:
        then = data.get("then")
        if then is None:
            return
        needed = {"weeks"} if then in (*MEASURES, "person_decides") else set()
        personal = {"proposal", "decide_within_working_days"}
        needed |= personal if then == "person_decides" else set()
        surplus = ({"weeks"} | personal) & data.keys() - needed
        faults = {name: [f"{then} needs it."] for name in sorted(needed - data.keys())}
        faults |= {name: [f"{then} has no use for it."] for name in sorted(surplus)}
        if faults:
            raise ValidationError(faults)

    @post_load
    def _row(self, data: dict[str, Any], **_: Any) -> Row:
        return Row(**data)


class SiteSchema(Schema):
    """[without_site]."""

    instead_of = fields.String(required=True, validate=_AUDIT)
    first = fields.String(required=True, validate=validate.OneOf(MEASURES))
    first_weeks = fields.Integer(required=True, strict=True, validate=_POSITIVE)
    then = fields.String(required=True, validate=_AUDIT)

    @post_load
    def _site(self, data: dict[str, Any], **_: Any) -> SiteRule:
        return SiteRule(**data)


class CancellationSchema(Schema):
    """[cancellation]."""

    proposed_by = fields.List(fields.String(validate=_OUTCOME), required=True)


class PolicySchema(Schema):
    """policy.toml, whole."""

    version = fields.String(required=True, validate=validate.Length(min=1))
    time_zone = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]\w+/\w+\Z"))
    rest_months = fields.Integer(required=True, strict=True, validate=_POSITIVE)
    valid_audit_years = fields.Integer(required=True, strict=True, validate=_POSITIVE)
    contract_months = fields.Integer(required=True, strict=True, validate=_POSITIVE)
    strength = fields.Dict(fields.String(validate=_OUTCOME), fields.Integer(strict=True), required=True)
    without_site = fields.Nested(SiteSchema, required=True)
    recommended_weeks = fields.Dict(
        fields.String(validate=_OUTCOME), fields.Integer(strict=True, validate=_POSITIVE), required=True
    )
    cancellation = fields.Nested(CancellationSchema, required=True)
    rows = fields.List(fields.Nested(RowSchema), required=True, validate=validate.Length(min=1))

    @validates("strength")
    def _every_outcome_has_a_strength(self, value: dict[str, int], **_: Any) -> None:
        _same_names(value, OUTCOMES)

    @validates("recommended_weeks")
    def _every_recommendation_has_weeks(self, value: dict[str, int], **_: Any) -> None:
        _same_names(value, RECOMMENDATIONS[1:])

    @validates("rows")
    def _numbered_from_one(self, value: list[Row | dict[str, Any]], **_: Any) -> None:
        # a row with faults of its own is still the mapping that was read
        numbers = [row.get("number") if isinstance(row, dict) else row.number for row in value]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValidationError(f"Must be numbered 1, 2, 3 … in order, not {numbers}.")

    @post_load
    def _policy(self, data: dict[str, Any], **_: Any) -> Policy:
        proposed_by, rows = tuple(data.pop("cancellation")["proposed_by"]), tuple(data.pop("rows"))
        return Policy(**data, cancellation_proposed_by=proposed_by, rows=rows)


def _same_names(value: dict[str, Any], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in value]
    if missing:
        raise ValidationError(f"Lacks {', '.join(missing)}.")


class KindSchema(Schema):
    """[kinds.*] of planning.toml."""

    lead_working_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    announced = fields.Boolean(required=True)

    @post_load
    def _kind(self, data: dict[str, Any], **_: Any) -> planning.KindRules:
        return planning.KindRules(**data)


class PlanningSchema(Schema):
    """planning.toml, whole."""

    horizon_weeks = fields.Integer(required=True, strict=True, validate=_POSITIVE)
    kinds = fields.Dict(
        fields.String(validate=validate.OneOf(_KINDS)), fields.Nested(KindSchema), required=True
    )

    @validates("kinds")
    def _every_kind_has_rules(self, value: dict[str, Any], **_: Any) -> None:
        _same_names(value, _KINDS)

    @post_load
    def _rules(self, data: dict[str, Any], **_: Any) -> planning.Rules:
        return planning.Rules(**data)


def read_policy(text: str) -> Policy:
    """Return the audit policy; raise marshmallow.ValidationError with all faults, each by its place."""
    policy: Policy = PolicySchema().load(tomllib.loads(text, parse_float=Decimal))
    return policy


def read_planning(text: str) -> planning.Rules:
    """Return the planning rules; raise marshmallow.ValidationError with all faults, each by its place."""
    rules: planning.Rules = PlanningSchema().load(tomllib.loads(text, parse_float=Decimal))
    return rules


POLICY = read_policy(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))
PLANNING = read_planning(Path(__file__).with_name("planning.toml").read_text(encoding="utf-8"))
