"""The events that this service emits, whole, and its slice of the one that it reads."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from chassis.events import Event, EventSchema, EventSlice
from chassis.fields import Grid, Moment
from chassis.loading import loader
from services.suppliers.domain import AREAS, BANDS, NO_DATA
from services.suppliers.schemas import Analysis, CategoryState, ContactView, ToldContract
from services.suppliers.schemas.identifiers import OPEN
from services.suppliers.views import SHARED_TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from chassis.events import Received
    from services.suppliers.domain import Rescored


class SharedSite(Schema):
    """A production site as others may know it: without its name."""

    site_id = fields.UUID(required=True)
    tier = fields.Integer(required=True, validate=validate.OneOf(SHARED_TIERS))
    country = fields.String(required=True)
    category_ids = fields.List(fields.String(), required=True)


class SupplierRegistered(EventSchema):
    """[supplier] P: a supplier is registered; the others keep whom to invite, audit and tell."""

    type = "supplier_registered"
    supplier_id = fields.UUID(required=True)
    legal_name = fields.String(required=True)
    country = fields.String(required=True)
    status = fields.String(required=True)
    language = fields.String(required=True)
    identifiers = fields.Dict(fields.String(), fields.String(), required=True)
    contacts = fields.List(fields.Nested(ContactView), required=True)
    sites = fields.List(fields.Nested(SharedSite), required=True)
    contracts = fields.List(fields.Nested(ToldContract), required=True)


class SupplierChanged(SupplierRegistered):
    """[supplier] P: a supplier is different; the whole of it again."""

    type = "supplier_changed"


class SupplierMerged(EventSchema):
    """[surviving supplier] P+R: others were merged into it; `absorbed_ids`: all ids that mean it now."""

    type = "supplier_merged"
    supplier_id = fields.UUID(required=True)
    absorbed_ids = fields.List(fields.UUID(), required=True)


class CategoryChanged(EventSchema, CategoryState):
    """[category] P: a risk category is new or different; the others keep its names and owner."""

    type = "category_changed"


class SupplierRiskRescored(EventSchema):
    """[supplier/category] P+R: a case has a new score; audits decides, notifications tells of a new band.

    `score`, `residual` (one per area, in their order): 0-100 or null. `claim_gap`: points or null.
    `assessed_at`: when the assessment that the score takes in was completed.
    """

    type = "supplier_risk_rescored"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    score = fields.Decimal(required=True, allow_none=True)
    band = fields.String(required=True, validate=validate.OneOf([*BANDS, NO_DATA]))
    previous_score = fields.Decimal(required=True, allow_none=True)
    previous_band = fields.String(required=True, allow_none=True)
    residual = fields.List(
        fields.Decimal(allow_none=True), required=True, validate=validate.Length(equal=len(AREAS))
    )
    no_data_areas = fields.List(fields.String(), required=True)
    stage = fields.String(required=True, allow_none=True)
    critical_open = fields.Integer(required=True)
    severe_open = fields.Integer(required=True)
    claim_gap = fields.Decimal(required=True, allow_none=True)
    not_cooperating = fields.Boolean(required=True)
    recommendation = fields.String(required=True, allow_none=True)
    site_known = fields.Boolean(required=True)
    contract_ends_on = fields.Date(required=True, allow_none=True)
    rule_set = fields.String(required=True)
    as_of = fields.AwareDateTime(required=True)
    assessed_at = fields.AwareDateTime(required=True, allow_none=True)
    causes = fields.List(fields.UUID(), required=True)
    changed = fields.Boolean(required=True)


class FollowupSelected(EventSchema):
    """[category/year] R: a person has decided which of a category's cases are followed up in a year."""

    type = "followup_selected"
    category_id = fields.String(required=True)
    year = fields.Integer(required=True)
    supplier_ids = fields.List(fields.UUID(), required=True)


class AssessmentCompleted(EventSlice):
    """What a score needs to know of a completed assessment."""

    type = "assessment_completed"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))
    year = fields.Integer(required=True, validate=validate.Range(2000, 2100))
    state = fields.String(required=True)
    stage = fields.String(required=True, validate=validate.OneOf(["self_declared", "reviewed"]))
    claimed = Grid(7, 4, required=True)
    judged = Grid(7, 4, required=True, allow_none=True)
    critical = fields.List(fields.String(), required=True)
    severe_reported = fields.Boolean(required=True)
    recommendation = fields.String(required=True)
    completed_at = Moment(required=True)
    valid_until = Moment(required=True)


class AuditReported(EventSlice):
    """What a score needs to know of an audit: what it found in the cells that it examined."""

    type = "audit_reported"
    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))
    reported_at = Moment(required=True)
    audited = Grid(7, 4, required=True)
    valid_until = Moment(required=True)


class DeviationRaised(EventSlice):
    """What a score needs to know of a deviation: where it is, and whether it is severe."""

    type = "deviation_raised"
    deviation_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))
    areas = fields.List(fields.String(validate=validate.OneOf(AREAS)), required=True)
    severe = fields.Boolean(required=True)


class DeviationOverdue(DeviationRaised):
    """A deviation whose time has run out."""

    type = "deviation_overdue"


class DeviationVerified(DeviationRaised):
    """A deviation that is remedied: it counts no more."""

    type = "deviation_verified"


def supplier_registered(supplier: Mapping[str, Any], *, imported: bool = False) -> Event:
    """Return the event of a newly registered supplier, as the repository gives it."""
    return _supplier(SupplierRegistered, supplier, imported)


def supplier_changed(supplier: Mapping[str, Any], *, imported: bool = False) -> Event:
    """Return the event of a supplier that is different now, as the repository gives it."""
    return _supplier(SupplierChanged, supplier, imported)


def _supplier(schema: type[SupplierRegistered], supplier: Mapping[str, Any], imported: bool) -> Event:
    data = {name: supplier[name] for name in loader(schema).fields}
    numbers = data["identifiers"].items()
    data["identifiers"] = {scheme: number for scheme, number in numbers if scheme in OPEN}
    data["sites"] = _told(SharedSite, (site for site in data["sites"] if site["tier"] in SHARED_TIERS))
    data["contracts"] = _told(ToldContract, data["contracts"])
    return Event(schema=schema, subject=str(supplier["supplier_id"]), data=data, imported=imported)


def _told(schema: type[Schema], items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: item[name] for name in loader(schema).fields} for item in items]


def supplier_merged(supplier_id: UUID, absorbed_ids: Sequence[UUID]) -> Event:
    """Return the event of a supplier that others were merged into: all ids that mean it now."""
    data = {"supplier_id": supplier_id, "absorbed_ids": absorbed_ids}
    return Event(schema=SupplierMerged, subject=str(supplier_id), data=data)


def category_changed(category: Mapping[str, Any]) -> Event:
    """Return the event of a category that is new or different, as the repository gives it whole.

    Others hear which area answers in effect, and of an analysis what is computed with.
    """
    data = {name: category[name] for name in loader(CategoryChanged).fields}
    data["responsible_area"] = category["effective_area"]
    data["analysis"] = [
        entry and {n: entry[n] for n in loader(Analysis).fields} for entry in data["analysis"]
    ]
    return Event(schema=CategoryChanged, subject=category["category_id"], data=data)


def supplier_risk_rescored(
    rescored: Rescored, causes: Sequence[UUID], heard: Sequence[Received], *, imported: bool = False
) -> Event:
    """Return the event of a new score; if all that caused it was quiet, those who hear it must be too."""
    case, score = rescored.case, rescored.score
    supplier_id, category_id = case.key
    previous = case.previous
    return Event(
        schema=SupplierRiskRescored,
        subject=f"{supplier_id}/{category_id}",
        cause=heard[-1] if heard else None,
        imported=imported or (bool(heard) and all(event.quiet for event in heard)),
        data={
            "supplier_id": supplier_id,
            "category_id": category_id,
            "score": score.score,
            "band": score.band,
            "previous_score": previous and previous.score,
            "previous_band": previous and previous.band,
            "residual": [score.areas[area].residual for area in AREAS],
            "no_data_areas": score.no_data_areas,
            "stage": score.stage,
            "critical_open": score.critical_open,
            "severe_open": score.severe_open,
            "claim_gap": score.claim_gap,
            "not_cooperating": score.not_cooperating,
            "recommendation": score.recommendation,
            "site_known": score.site_known,
            "contract_ends_on": case.contract_ends_on,
            "rule_set": rescored.rule_set,
            "as_of": rescored.as_of,
            "assessed_at": score.work.assessed_at,
            "causes": causes,
            "changed": rescored.changed,
        },
    )


def followup_selected(proposal: Mapping[str, Any]) -> Event:
    """Return the event of a proposal that was confirmed, as the repository gives it."""
    category_id, year = proposal["category_id"], proposal["year"]
    data = {"category_id": category_id, "year": year, "supplier_ids": proposal["selected"]}
    return Event(schema=FollowupSelected, subject=f"{category_id}/{year}", data=data)


def present_risk(row: Any) -> Event:
    """Return a case's present score as it was told; row: as the repository gives it."""
    derived = {
        "residual": [_number(row.areas[area]["residual"]) for area in AREAS],
        "changed": row.previous_band not in {None, row.band},
    }
    stored = [name for name in SupplierRiskRescored().fields if name not in derived]
    data = {name: getattr(row, name) for name in stored} | derived
    return Event(schema=SupplierRiskRescored, subject=f"{row.supplier_id}/{row.category_id}", data=data)


def _number(stored: Decimal | int | None) -> Decimal | None:
    return None if stored is None else Decimal(stored)
