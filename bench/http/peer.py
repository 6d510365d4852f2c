"""The peer: the suppliers' API as FastAPI, uvicorn and asyncpg have it, written as their users write it.

It does what the service does for these three requests, on the same tables and as durably: checks the token
(once, then from memory), validates, reads or writes in a transaction, tells the outbox and the audit trail,
keeps the answer under its Idempotency-Key, and answers with an ETag.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI, Header, HTTPException, Query, Request, Response

from bench.http import peer_store as store
from bench.http.peer_access import Reader, Writer
from bench.http.peer_models import NewSupplier
from bench.http.peer_views import Page, SupplierView

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECTIONS = 10  # as many as the service has for requests
SUPPLIERS = "/api/v1/suppliers/suppliers"


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads, schema="pg_catalog"
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool, and close it at the end."""
    dsn = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, init=_prepare) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get(f"{SUPPLIERS}/{{supplier_id}}", response_model=SupplierView)
async def get_supplier(
    supplier_id: UUID,
    response: Response,
    who: Reader,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """Read a supplier."""
    supplier = await store.supplier(app.state.pool, supplier_id, who.view)
    if supplier is None:
        raise HTTPException(404, "There is no such supplier.")
    etag = f'"{supplier["version"]}-{who.view}"'
    if if_none_match == etag:
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return supplier


@app.get(SUPPLIERS)
async def list_suppliers(
    who: Reader,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: UUID | None = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """List suppliers, page by page."""
    page = Page.model_validate(await store.suppliers(app.state.pool, limit, after, who.view))
    body = page.model_dump_json().encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    if if_none_match == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@app.post(SUPPLIERS, status_code=201)
async def post_supplier(
    request: Request,
    new: NewSupplier,
    who: Writer,
    idempotency_key: Annotated[str, Header(pattern=r"^[\x21-\x7e]{1,255}$")],
) -> Response:
    """Register a supplier."""
    fingerprint = hashlib.sha256(f"POST {SUPPLIERS}\n".encode() + await request.body()).digest()
    key = store.Key(who.client, idempotency_key, fingerprint)
    async with app.state.pool.acquire() as connection, connection.transaction():
        return await store.once(connection, key, new, who)
