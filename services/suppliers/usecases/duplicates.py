"""Suppliers that may be registered twice: found at entry, compared afterwards, decided by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import clock, imports, trail
from chassis.errors import Conflict, Invalid, found
from chassis.http import Expectation
from chassis.metrics import Gauge
from services.suppliers import domain, likeness, repository, schemas, views
from services.suppliers.usecases import aliases, editing, merging
from services.suppliers.usecases.editing import Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Begin, Transaction


# Who decided a pair, and why
_OFFICES_OWN = {"decided_by": None, "decision_reason": None}


def find(tx: Transaction, supplier_ids: Collection[UUID], now: datetime) -> None:
    """Keep candidates for suppliers just written, by numbers and equal names; similar ones come later.

    The caller has shared the aliases (`aliases.share`): a pair with one that is being absorbed would stay.
    """
    if supplier_ids:
        editing.note_pairs(tx, repository.duplicates.find(tx, supplier_ids, likeness.NAMES["most"], now))
        tx.wake("names")


def compare_names(begin: Begin) -> bool:
    """Compare the names of some suppliers with all others; tell whether to go on at once.

    While files are imported it is done bit by bit: what they bring is compared afterwards. Each transaction
    takes its suppliers with SKIP LOCKED and gives them back if it fails: a stop loses nothing.
    """
    chunk: int = likeness.BACKGROUND["chunk"]
    with begin() as tx:
        aliases.share(tx)
        new = repository.duplicates.claim_unnamed(tx, chunk)
        _write_names(tx, new)
    with begin() as tx:
        aliases.share(tx)
        claimed = repository.duplicates.claim_uncompared(tx, chunk)
        if claimed:
            find(tx, claimed, clock.now())
            _keep_alike(tx, claimed, clock.now())
        more = len(claimed) == chunk or len(new) == chunk
        return more and not imports.unfinished(tx)


def _write_names(tx: Transaction, new: Sequence[UUID]) -> None:
    """Write what is compared of names, and keys that are missing: of suppliers older than keys."""
    rows = repository.duplicates.names(tx, new) if new else []
    made = [(row, domain.name_key(row.legal_name)) for row in rows]
    repository.duplicates.save_keys(tx, {row.supplier_id: key for row, key in made if key != row.name_key})
    compared = [
        {
            "supplier_id": row.supplier_id,
            "country": row.country,
            **_compared(likeness.parts(key)),
            "numbers": " ".join(domain.numbers_of(key)),
        }
        for row, key in made
    ]
    if compared:
        repository.duplicates.save_names(tx, compared)


def _compared(parts: likeness.Parts) -> dict[str, str]:
    """Return what an index finds a name by; the rest follows from its key."""
    return {"core": parts.core, "found_by": parts.found_by}


def _keep_alike(tx: Transaction, claimed: Sequence[UUID], now: datetime) -> None:
    alike: dict[tuple[UUID, UUID], float] = {}
    for row in repository.duplicates.near(tx, claimed, likeness.NAMES):
        similarity = likeness.similarity(likeness.parts(row.name_key), likeness.parts(row.other_key))
        if likeness.is_alike(similarity):
            pair = (min(row.supplier_id, row.other_id), max(row.supplier_id, row.other_id))
            alike[pair] = round(similarity, 3)
    editing.note_pairs(tx, repository.duplicates.save_alike(tx, alike, now))


def list_duplicates(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of pairs, as the caller may see them."""
    asked = query["supplier_id"]
    meant = aliases.survivor_of(tx, asked) if asked else None
    page = repository.duplicates.duplicates(tx, {**query, "supplier_id": meant})
    if actor.view == views.INTERNAL:
        return page
    return {**page, "items": [row._replace(**_OFFICES_OWN) for row in page["items"]]}


def show_duplicate(tx: Transaction, duplicate_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a pair, as the caller may see it."""
    pair = get_duplicate(tx, duplicate_id)
    return pair if actor.view == views.INTERNAL else {**pair, **_OFFICES_OWN}


def get_duplicate(tx: Transaction, duplicate_id: UUID) -> dict[str, Any]:
    """Return a pair."""
    return found(repository.duplicates.duplicate(tx, duplicate_id), "pair of suppliers")


def reject_duplicate(
    tx: Transaction, duplicate_id: UUID, reason: str, actor: Identity, now: datetime
) -> dict[str, Any]:
    """Decide that two suppliers are not one: the pair is not proposed again."""
    _open(tx, duplicate_id)
    return _decide(tx, duplicate_id, {"state": "rejected", "by": actor.subject, "reason": reason, "now": now})


def confirm_duplicate(
    tx: Transaction, duplicate_id: UUID, decided: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Decide that two suppliers are one, and merge them; returns the pair. Conflict if it was decided."""
    aliases.hold(tx)
    named = get_duplicate(tx, duplicate_id)
    # before the pair, as all do who write a supplier and then find its pairs
    repository.merging.lock_suppliers(tx, {named["one"], named["other"]})
    pair = _open(tx, duplicate_id)
    survivor_id = decided["survivor_id"]
    if survivor_id not in {pair.one, pair.other}:
        raise Invalid({"/survivor_id": "Must be one of the pair."})
    absorbed_id = pair.other if survivor_id == pair.one else pair.one
    reason = decided["reason"]
    shown = _decide(tx, duplicate_id, {"state": "merged", "by": actor.subject, "reason": reason, "now": now})
    # a pair is decided once, and who decides it has seen the pair: whatever the survivor is by now
    by = Writer(actor, now, Expectation(present=True))
    merging.merge(tx, survivor_id, {"absorbed_ids": [absorbed_id], "reason": reason}, by)
    return shown


def _open(tx: Transaction, duplicate_id: UUID) -> Any:
    pair = found(repository.duplicates.lock_duplicate(tx, duplicate_id), "pair of suppliers")
    if pair.state != "open":
        raise Conflict(f"The pair was {pair.state} at {pair.decided_at:%Y-%m-%d %H:%M} by {pair.decided_by}.")
    return pair


def _decide(tx: Transaction, duplicate_id: UUID, decision: Mapping[str, Any]) -> dict[str, Any]:
    before = get_duplicate(tx, duplicate_id)
    repository.duplicates.decide(tx, duplicate_id, decision)
    after = get_duplicate(tx, duplicate_id)
    trail.wrote(
        tx,
        "duplicate",
        duplicate_id,
        before,
        after,
        schema=schemas.DuplicateView,
        action=decision["state"],
    )
    return after


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how many pairs wait for a decision, and how many names to be compared."""
    counts = repository.duplicates.counts(tx)
    pairs = [
        Gauge("duplicates", "Pairs of suppliers that may be one", {"state": state}, counts.get(state, 0))
        for state in schemas.DUPLICATE_STATES
    ]
    waiting = Gauge("suppliers_uncompared", "Suppliers whose names wait", {}, counts["uncompared"])
    return [*pairs, waiting]
