"""The audit trail: who wrote what, in the transaction that wrote it; chained later (docs/audit-trail.md).

A use case says it in one line, of one thing or of many of a kind:
    trail.wrote(tx, "supplier", supplier_id, None, supplier, schema=SupplierView, owners={"region": ["01"]})
    trail.wrote_all(tx, "supplier", [trail.Write(id, before, after, owners), …], schema=SupplierView)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
from marshmallow import fields

from chassis import clock, sql
from chassis.dumping import dumper
from chassis.loading import loader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marshmallow import Schema

    from chassis.access import Owners
    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("append_trail",))

# What of a schema is personal, by the names that it dumps: None: all below; else what of that member is. In
# an object whose names the schema doesn't fix, "*" stands for each of them.
Plan = dict[str, "Plan | None"]
_ANY = "*"
_PLAIN: Plan = {}


class Write(NamedTuple):
    """What was written of one thing. `before` None: it is new; `after` None: it is gone; `into`: merged.

    `owners` are those of before and of after: who loses a thing must hear of it too.
    """

    id: UUID | str
    before: Any
    after: Any
    owners: Owners | None = None
    into: UUID | str | None = None
    action: str | None = (
        None  # what the trail calls it, where created, changed, deleted or merged says too little
    )


def wrote(  # noqa: PLR0913  what, before, after, and how to read it: a use case says it in one line
    tx: Transaction,
    resource: str,
    resource_id: UUID | str,
    before: Any,
    after: Any,
    *,
    schema: type[Schema] | None = None,
    owners: Owners | None = None,
    action: str | None = None,
) -> None:
    """Append what was written of one thing to the audit trail and to `changes`; see `wrote_all`.

    Where nothing differs, nothing is appended.
    """
    wrote_all(tx, resource, [Write(resource_id, before, after, owners, action=action)], schema=schema)


def wrote_all(
    tx: Transaction, resource: str, writes: Iterable[Write], *, schema: type[Schema] | None = None
) -> None:
    """Append what was written of things of one kind, in order, in one statement.

    `schema` dumps before and after; fields with metadata={"personal": True} enter only as salted hashes, each
    in `personal` under its pointer, and are left out of the rest.
    Of a change only the outermost members that differ are kept, as they were and as they are: that is what is
    asked for, a tenth of the size, and from the present state one can still go back step by step, also of
    things that are older than the trail.
    """
    rows = [row for each in writes if (row := _row(each, schema))]
    if not rows:
        return
    actor = tx.actor
    tx.later(
        queries.append_trail,
        rows=sql.rows(rows),
        resource=resource,
        at=clock.now(),
        subject=actor and actor.subject,
        client=actor and actor.client,
        role=actor and actor.role,
        correlation_id=tx.correlation_id,
    )
    tx.wake("seal")


def forget(tx: Transaction, resource: str, resource_id: UUID | str, operator: str | None = None) -> bool:
    """Erase a thing's personal values from the trail: their hashes can't be told from noise any more.

    Returns whether there were any; then an entry says who did it: whoever calls, or an operator by login. The
    chain stays as it is. What is written afterwards gets a new salt.
    """
    actor = tx.actor
    erased: int = queries.delete_salt(
        tx,
        resource=resource,
        resource_id=str(resource_id),
        at=clock.now(),
        subject=operator or (actor and actor.subject),
        client="kedja" if operator else actor and actor.client,
        role="operations" if operator else actor and actor.role,
        correlation_id=tx.correlation_id,
    )
    return erased > 0


def hash_of(tx: Transaction, resource: str, resource_id: UUID | str, value: Any) -> str | None:
    """Return the hash by which the trail knows a personal value of a thing; None after it was forgotten."""
    found: str | None = queries.trail_hash(
        tx, resource=resource, resource_id=str(resource_id), value=_text(value)
    )
    return found


def _row(write: Write, schema: type[Schema] | None) -> dict[str, Any] | None:
    before, after = _dumped(write.before, schema), _dumped(write.after, schema)
    kind = _kind(write)
    if kind == "changed":
        before, after = _differing(before, after)
        if not before and not after:
            return None
    personal: dict[str, str] = {}
    plan = personal_fields(schema) if schema else _PLAIN
    return {
        "id": str(write.id),
        "kind": kind,
        "action": write.action or kind,
        "into": write.into and str(write.into),
        "owners": write.owners or None,
        "before": _without(before, plan, "/before", personal),
        "after": _without(after, plan, "/after", personal),
        "personal": personal or None,
    }


def _kind(write: Write) -> str:
    if write.into is not None:
        return "merged"
    if write.before is None:
        return "created"
    return "deleted" if write.after is None else "changed"


def _dumped(value: Any, schema: type[Schema] | None) -> Any:
    if value is None:
        return None
    if schema:
        return dumper(schema)(value)
    return value._asdict() if hasattr(value, "_asdict") else value


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    def other(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in one.items() if name not in two or two[name] != value}

    return other(before, after), other(after, before)


def _without(value: Any, plan: Plan, at: str, personal: dict[str, str]) -> Any:
    """Return what is not personal; add the texts of what is to `personal`, by pointer. Null is nobody's."""
    if not plan or not value:
        return value
    if isinstance(value, list | tuple):
        return [_without(item, plan, f"{at}/{i}", personal) for i, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    kept = dict(value)
    for name in value if _ANY in plan else plan.keys() & value.keys():
        below, member = plan.get(name, plan.get(_ANY, _PLAIN)), value[name]
        pointer = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if below is not None:
            kept[name] = _without(member, below, pointer, personal)
        elif member is not None:
            personal[pointer] = _text(member)
            del kept[name]
    return kept


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=sql.plain).decode()


@cache
def personal_fields(schema: type[Schema]) -> Plan:
    """Return what of a schema is personal."""
    found = {field.data_key or name: _personal(field) for name, field in loader(schema).fields.items()}
    return {name: below for name, below in found.items() if below != _PLAIN}


def _personal(field: Any) -> Plan | None:
    if field.metadata.get("personal"):
        return None
    if isinstance(field, fields.Pluck):
        return _personal(field.schema.fields[field.field_name])
    if isinstance(field, fields.Nested):
        return personal_fields(type(field.schema))
    if isinstance(field, fields.List):
        return _personal(field.inner)
    if isinstance(field, fields.Dict) and field.value_field is not None:
        below = _personal(field.value_field)
        return _PLAIN if below == _PLAIN else {_ANY: below}
    return _PLAIN
