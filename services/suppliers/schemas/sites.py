"""Where a supplier's goods are made: its own sites, and its sub-suppliers' by tier."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.fields import List, Text
from services.suppliers.schemas.common import (
    COUNTRY,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
    OPTIONAL,
    SLUG,
    check_country,
    distinct,
)

MOST_PRODUCTS, LONGEST_ADDRESS = 50, 300

SITE: dict[str, Any] = {
    "name": "Fabrik ett",
    "operator": "Exempelunderleverantör AB",
    "tier": 1,
    "country": "CN",
    "address": "1 Example Road, Nantong",
    "products": ["nitrilhandskar"],
    "category_ids": ["handskar"],
}


class Site(Schema):
    """A production site. Tier 0 is the supplier's own, 1 whom it buys from, and so on.

    `operator`: the sub-supplier that runs it; null: the supplier. `products`: what is made there.
    """

    name = Text(LONGEST_NAME, required=True)
    operator = Text(LONGEST_NAME, load_default=None, allow_none=True)
    tier = fields.Integer(required=True, strict=True, validate=validate.Range(0, 9))
    country = fields.String(required=True, validate=check_country, metadata=COUNTRY)
    address = Text(LONGEST_ADDRESS, load_default=None, allow_none=True)
    products = List(Text(LONGEST_TEXT), most=MOST_PRODUCTS, load_default=list, validate=distinct)
    category_ids = List(fields.String(validate=SLUG), required=True, validate=distinct)

    example: ClassVar[dict[str, Any]] = SITE


class SiteChange(Site):
    """A site, whole. Who is not shown a sub-supplier's name and address leaves them out: they stay."""

    name = Text(LONGEST_NAME, load_default=None, allow_none=True)


class SiteView(Site):
    """A site as it is kept. Of a sub-supplier's, regions see no `name`, `operator` and `address`."""

    supplier_id = fields.UUID(metadata=OPTIONAL)  # left out inside a supplier
    site_id = fields.UUID()
    version = fields.Integer()
    name = Text(LONGEST_NAME, allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "site_id": "01938f3e-5c1b-7d02-8f6e-8a4b1c2d3e02",
        "version": 1,
        **SITE,
    }


class Removal(Schema):
    """Why something that was registered is taken away; it stands in the audit trail, so name no person."""

    reason = Text(LONGEST_REASON, required=True)

    example: ClassVar[dict[str, Any]] = {"reason": "Registered on the wrong supplier"}
