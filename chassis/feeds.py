"""The audit trail and the changes over HTTP: what `chassis.service.Service` declares of every service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from chassis import access, changes, sql
from chassis.changes import Position
from chassis.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity
    from chassis.changes import Resource
    from chassis.db import Transaction

queries: Any = sql.load(__file__)

_LARGEST = 2**63 - 1 - changes.SPAN  # a bigint, with room for what is added to it
_POSITION = re.compile(r"(?:([0-9]{1,19})-)?([0-9]{1,19})", re.ASCII)
_NAME = validate.Length(1, 200)


class Since(fields.String):
    """How far a feed was read: the `next` of the page before, or 0."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str:
        return str(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = _POSITION.fullmatch(super()._deserialize(value, attr, data, **kwargs))
        position = Position(int(written[1] or 0), int(written[2])) if written else None
        if position is None or max(position) > _LARGEST or (position.seq and not (written and written[1])):
            raise ValidationError("Must be the next of an earlier page, or 0 to begin.")
        return position


class _FeedQuery(Schema):
    class Meta:
        """A misspelt filter must not look like one that matched everything."""

        unknown = RAISE

    follows: ClassVar = "since"  # the parameter that goes on from page to page

    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))
    resource = fields.String(load_default=None, validate=_NAME)
    since = Since(load_default=Position(), metadata={"example": "0"})


class ChangesQuery(_FeedQuery):
    """What changed since an earlier page, of one kind of thing or of all."""


class ChangeView(Schema):
    """A thing that was created, changed, deleted, or merged into another; ask for the thing itself."""

    seq = fields.Integer(required=True)
    resource = fields.String(required=True)
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["created", "changed", "deleted", "merged"]))
    into = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)

    example: ClassVar[dict[str, Any]] = {
        "seq": 4711,
        "resource": "thing",
        "id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "kind": "changed",
        "into": None,
        "at": "2026-11-21T12:00:00+00:00",
    }


class ChangesPage(Schema):
    """Changes in their order. Ask with `next` until it comes back the same; keep it for the next time."""

    item: ClassVar[type[Schema]] = ChangeView

    items = fields.List(fields.Nested(ChangeView), required=True)
    next = fields.String(required=True)

    example: ClassVar[dict[str, Any]] = {"items": [ChangeView.example], "next": "1-4711"}


class TrailQuery(_FeedQuery):
    """The trail since an earlier page: of one kind of thing, one thing, one person, or all."""

    id = fields.String(load_default=None, validate=_NAME)
    actor = fields.String(load_default=None, validate=_NAME)


class ActorView(Schema):
    """Who wrote, through which system, in which role."""

    subject = fields.String(required=True)
    client = fields.String(required=True)
    role = fields.String(required=True)


class TrailView(Schema):
    """One write. Of a change `before` and `after` hold the members that differ.

    `personal`: salted hashes of personal values, by JSON pointers that begin with /before or /after. `actor`
    null: the service itself. `hash`: chains this entry with all before it.
    """

    seq = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor = fields.Nested(ActorView, required=True, allow_none=True)
    action = fields.String(required=True)
    resource = fields.String(required=True)
    id = fields.String(required=True)
    before = fields.Dict(fields.String(), required=True, allow_none=True)
    after = fields.Dict(fields.String(), required=True, allow_none=True)
    personal = fields.Dict(fields.String(), fields.String(), required=True, allow_none=True)
    correlation_id = fields.String(required=True, allow_none=True)
    hash = fields.String(required=True)

    example: ClassVar[dict[str, Any]] = {
        "seq": 4711,
        "at": "2026-11-21T12:00:00+00:00",
        "actor": {"subject": "kim", "client": "region-01-procurement", "role": "client"},
        "action": "changed",
        "resource": "thing",
        "id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
        "before": {"name": "Exempelleverantör 017 AB"},
        "after": {"name": "Exempelleverantör 017 Holding AB"},
        "personal": {"/after/contacts/0/email": "9b2f6c1d0e5a4b3c8d7e6f5a4b3c2d1e"},
        "correlation_id": "01938f40-0a1b-7c00-8d0e-1f2a3b4c5d00",
        "hash": "5d41402abc4b2a76b9719d911017c592d41d8cd98f00b204e9800998ecf8427e",
    }


class TrailPage(Schema):
    """Entries in the order of the chain. Ask with `next` as for changes."""

    item: ClassVar[type[Schema]] = TrailView

    items = fields.List(fields.Nested(TrailView), required=True)
    next = fields.String(required=True)

    example: ClassVar[dict[str, Any]] = {"items": [TrailView.example], "next": "1-4711"}


def changes_since(
    tx: Transaction, query: Mapping[str, Any], actor: Identity, resources: Mapping[str, Resource]
) -> dict[str, Any]:
    """Return a page of what changed of the things within the caller's reach, of kinds that it may read.

    Raises Invalid for a kind that there is not, Forbidden for one that the caller may not read.
    """
    position: Position = query["since"]
    asked = _known(query["resource"], resources)
    if asked:
        access.demand(actor, resources[asked].scope)
    kinds = resources.items() if asked is None else [(asked, resources[asked])]
    told = {name: each for name, each in kinds if each.scope in actor.scopes}
    return changes.since(tx, position, query["limit"], resources=told, limits=actor.claims)


def _known(resource: str | None, resources: Mapping[str, Resource]) -> str | None:
    if resource is not None and resource not in resources:
        raise Invalid({"?resource": f"Must be one of: {', '.join(sorted(resources))}."})
    return resource


def trail_since(
    tx: Transaction, query: Mapping[str, Any], resources: Mapping[str, Resource]
) -> dict[str, Any]:
    """Return a page of the sealed audit trail; raises Invalid for a kind of thing that there is not."""
    _known(query["resource"], resources)
    place: Position = query["since"]
    asked = {name: query[name] for name in ("limit", "resource", "actor")}
    rows = list(queries.trail_since(tx, resource_id=query["id"], since=place.seq, epoch=place.epoch, **asked))
    first = rows[0]
    changes.refuse_lost(first)
    items = [_entry(row) for row in rows if row.seq is not None]
    reached = items[-1]["seq"] if len(items) == query["limit"] else first.head
    return {"items": items, "next": str(Position(first.epoch, reached))}


def _entry(row: Any) -> dict[str, Any]:
    actor = {"subject": row.actor_subject, "client": row.actor_client, "role": row.actor_role}
    entry: dict[str, Any] = row._asdict()
    return entry | {"id": row.resource_id, "actor": actor if row.actor_subject is not None else None}
