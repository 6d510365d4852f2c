"""Idempotency-Key: a creating request that is sent again has its effect once, and gets its answer again.

The key is kept in the transaction that did the work: a refused or failed request keeps nothing, so that the
corrected one is free to use the same key. Keys belong to the client; the answer goes to who has asked, in the
same role and with the same claims, and to nobody else. Keys are forgotten after KEPT_DAYS.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.wrappers import Response

from chassis import sql
from chassis.errors import Conflict, Invalid, Malformed

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from chassis.access import Identity
    from chassis.db import Database, Transaction

queries: Any = sql.load(
    __file__,
    planned=("hold_key", "stored_answer", "keep_answer"),
)

KEPT_DAYS = 30
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PRUNED_AT_ONCE = 2000
# What of an answer is kept beside its status and body
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


class Claim:
    """One creating request's hold on its key, until its transaction ends."""

    def __init__(self, request: Request, actor: Identity) -> None:
        """Read the key; raises Malformed if there is none or if it is none."""
        given = request.headers.get("Idempotency-Key")
        if given is None:
            raise Malformed(
                "Send Idempotency-Key: a new one for each thing to make, the same when you try again."
            )
        if not _KEY.fullmatch(given):
            raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
        self._key, self._client = given, actor.client
        self._address = f"{request.method} {request.full_path}"
        # A stored answer holds what its asker may see; another of the same client may see less.
        self._asker = orjson.dumps(
            [actor.subject, actor.role, actor.view, actor.claims], option=orjson.OPT_SORT_KEYS
        )

    def answered(self, tx: Transaction, body: bytes) -> Response | None:
        """Hold the key; return the stored answer if there is one.

        Raises Conflict while the first request still runs, Invalid if the key was used for something else.
        """
        tx.later(queries.hold_key, name=f"{self._client}\n{self._key}")
        stored = queries.stored_answer(tx, client=self._client, key=self._key)
        if not stored.held:
            told = "A request with this Idempotency-Key is being answered at this moment."
            raise Conflict(told, headers={"Retry-After": "1"})
        if stored.status is None:
            return None
        if bytes(stored.fingerprint) != self._fingerprint(body):
            raise Invalid({}, "This Idempotency-Key was used for another request.")
        return Response(bytes(stored.body), stored.status, {**stored.headers, REPLAYED: "true"})

    def keep(self, tx: Transaction, body: bytes, response: Response) -> None:
        """Store an answer with the work that it tells of."""
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        tx.later(
            queries.keep_answer,
            client=self._client,
            key=self._key,
            fingerprint=self._fingerprint(body),
            status=response.status_code,
            headers=sql.document(headers),
            body=response.get_data(),
        )

    def _fingerprint(self, body: bytes) -> bytes:
        """Return what makes two requests the same: who asks and in which role, method, address and body."""
        return hashlib.sha256(b"\n".join((self._asker, self._address.encode(), body))).digest()


def prune(db: Database) -> bool:
    """Forget a batch of keys that are older than KEPT_DAYS; tell whether there may be more."""
    with db.transaction() as tx:
        forgotten: int = queries.forget_keys(tx, days=KEPT_DAYS, limit=_PRUNED_AT_ONCE)
    return forgotten == _PRUNED_AT_ONCE
