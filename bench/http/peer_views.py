"""What the peer shows, in pydantic: the same JSON as services/suppliers/schemas."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from bench.http.peer_models import Contact, Site


class ContactView(Contact):
    """A contact as it is kept."""

    contact_id: UUID


class SiteView(Site):
    """A site as it is kept."""

    model_config = ConfigDict(extra="ignore")

    site_id: UUID
    version: int = 1


class ContractView(BaseModel):
    """A contract as it is kept."""

    contract_id: UUID
    category_id: str
    regions: list[str]
    clause_level: str
    clause_version: str
    starts_on: date
    ends_on: date | None
    value_ore: int
    terms: dict[str, Any]
    reference: str | None
    cpv: str | None
    currency: str
    option_ends_on: date | None
    version: int
    imported: bool


class OwnNumber(BaseModel):
    """What a region calls a supplier."""

    region: str
    number: str


class SupplierView(BaseModel):
    """A supplier with all ids."""

    supplier_id: UUID
    version: int
    legal_name: str
    country: str
    status: str
    status_reason: str | None = None
    status_since: date | None = None
    language: str
    registered_at: datetime
    imported: bool = False
    shown: str = "whole"
    identifiers: dict[str, str]
    categories: list[str]
    countries: list[str]
    contacts: list[ContactView]
    sites: list[SiteView]
    contracts: list[ContractView]
    own_numbers: list[OwnNumber]
    merged_ids: list[UUID] = []


class Page(BaseModel):
    """A page of suppliers."""

    items: list[SupplierView]
    next: str | None
