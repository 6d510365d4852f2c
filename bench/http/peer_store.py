"""What the peer does in the database, with asyncpg, which prepares each statement once a connection."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from fastapi import HTTPException, Response

from bench.http import peer_statements as statements
from bench.http.peer_views import SupplierView
from chassis.ids import uuid7
from services.suppliers import domain

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from bench.http.peer import Caller
    from bench.http.peer_models import NewSupplier


# What the event of a supplier says
_TOLD = {
    *("supplier_id", "legal_name", "country", "status", "language"),
    *("identifiers", "contacts", "sites", "contracts"),
}


class Key(NamedTuple):
    """An Idempotency-Key, its client's, and what was asked under it."""

    client: str
    name: str
    fingerprint: bytes


async def supplier(pool: asyncpg.Pool, supplier_id: UUID, view: str) -> dict[str, Any] | None:
    """Return one supplier."""
    row = await pool.fetchrow(statements.ONE, supplier_id)
    return row and _shown(row, view)


async def suppliers(pool: asyncpg.Pool, limit: int, after: UUID | None, view: str) -> dict[str, Any]:
    """Return a page of suppliers."""
    rows = await (
        pool.fetch(statements.AFTER, limit + 1, after) if after else pool.fetch(statements.FIRST, limit + 1)
    )
    following = str(rows[limit - 1]["supplier_id"]) if len(rows) > limit else None
    return {"items": [_shown(row, view) for row in rows[:limit]], "next": following}


def _shown(row: asyncpg.Record, view: str) -> dict[str, Any]:
    whole = {**row, **_summed_up(row["sites"], row["contracts"])}
    if view != "internal":
        whole["sites"] = [site for site in whole["sites"] if site["tier"] < 2]
    return whole


def _summed_up(sites: list[dict[str, Any]], contracts: list[dict[str, Any]]) -> dict[str, list[str]]:
    shown = [site for site in sites if site["tier"] < 2]
    made = {category for site in shown for category in site["category_ids"]}
    return {
        "categories": sorted(made | {contract["category_id"] for contract in contracts}),
        "countries": sorted({site["country"] for site in shown}),
    }


async def once(tx: asyncpg.Connection, key: Key, new: NewSupplier, who: Caller) -> Response:
    """Register a supplier, or give the stored answer again."""
    if not await tx.fetchval(statements.HOLD, f"{key.client}\n{key.name}"):
        raise HTTPException(409, "A request with this Idempotency-Key is being answered at this moment.")
    if stored := await tx.fetchrow(statements.STORED, key.client, key.name):
        if stored["fingerprint"] != key.fingerprint:
            raise HTTPException(422, "This Idempotency-Key was used for another request.")
        return Response(stored["body"], 201, {**stored["headers"], "Idempotent-Replayed": "true"})
    view = await _register(tx, new, who)
    body, headers = view.model_dump_json().encode(), _headers(view)
    await tx.execute(statements.KEEP, *key, headers, body)
    return Response(body, 201, headers)


def _headers(view: SupplierView) -> dict[str, str]:
    location = f"/api/v1/suppliers/suppliers/{view.supplier_id}"
    return {"Content-Type": "application/json", "ETag": '"1-internal"', "Location": location}


async def _register(tx: asyncpg.Connection, new: NewSupplier, who: Caller) -> SupplierView:
    named = {category for site in new.sites for category in site.category_ids}
    if {row["category_id"] for row in await tx.fetch(statements.CATEGORIES, list(named))} != named:
        raise HTTPException(422, "There is no such category.")
    supplier_id, now = uuid7(), datetime.now(UTC)
    identifiers = new.identifiers.model_dump(exclude_none=True)
    contacts = [{**each.model_dump(), "contact_id": uuid7()} for each in new.contacts]
    sites = [{**each.model_dump(), "site_id": uuid7(), "version": 1} for each in new.sites]
    await tx.execute(statements.SHARE_ALIASES)
    named_so = (new.legal_name, domain.name_key(new.legal_name))
    await tx.execute(statements.ADD, supplier_id, *named_so, new.country, new.language, now)
    schemes, numbers = list(identifiers), list(identifiers.values())
    if (
        await tx.execute(statements.ADD_IDENTIFIER, schemes, numbers, supplier_id)
        != f"INSERT 0 {len(identifiers)}"
    ):
        raise HTTPException(409, "Another supplier is registered with one of these identifiers.")
    await tx.execute(statements.ADD_CONTACT, [{**each, "supplier_id": supplier_id} for each in contacts])
    await tx.execute(statements.ADD_SITE, [{**each, "supplier_id": supplier_id} for each in sites])
    view = SupplierView(
        **new.model_dump(include={"legal_name", "country", "language"}),
        supplier_id=supplier_id, version=1, status="active", registered_at=now, identifiers=identifiers,
        contacts=contacts, sites=sites, contracts=[], own_numbers=[], **_summed_up(sites, []),
    )  # fmt: skip
    await tx.execute(statements.FIND_DUPLICATES, [supplier_id], 50, now)
    await _tell(tx, view)
    await _trail(tx, view, who)
    return view


async def _tell(tx: asyncpg.Connection, view: SupplierView) -> None:
    data = view.model_dump(mode="json", include=_TOLD)
    data["sites"] = [
        {name: site[name] for name in ("site_id", "tier", "country", "category_ids")}
        for site in data["sites"]
        if site["tier"] < 2
    ]
    event_id, subject = str(uuid7()), str(view.supplier_id)
    version = await tx.fetchval(statements.COUNT_ON, subject)
    attributes = {
        "specversion": "1.0", "id": event_id, "source": "/kedja/suppliers", "type": "supplier_registered",
        "time": datetime.now(UTC).isoformat(), "subject": subject, "version": version,
        "dataschema": "/kedja/suppliers/supplier_registered", "correlationid": event_id,
    }  # fmt: skip
    headers = {f"cloudEvents_{name}": value for name, value in attributes.items()}
    await tx.execute(statements.TELL, headers, orjson.dumps(data).decode())


async def _trail(tx: asyncpg.Connection, view: SupplierView, who: Caller) -> None:
    salt, personal, resource_id = secrets.token_bytes(32), {}, str(view.supplier_id)
    after = view.model_dump(mode="json")
    for place, contact in enumerate(after["contacts"]):
        for name in ("name", "email"):
            hashed = hashlib.sha256(salt + contact.pop(name).encode()).hexdigest()
            personal[f"/after/contacts/{place}/{name}"] = hashed
    await tx.execute(statements.SALT, resource_id, salt)
    now, actor = datetime.now(UTC), (who.subject, who.client, who.role)
    await tx.execute(statements.TRAIL, now, *actor, resource_id, after, personal, str(uuid7()))
    await tx.execute(statements.CHANGED, now, resource_id)
