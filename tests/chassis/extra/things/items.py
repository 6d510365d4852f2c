"""Items of the tests' own service: versioned, owned by a region, listed in several orders."""

from typing import ClassVar

from marshmallow import Schema, fields, validate

from chassis import sql
from chassis.errors import Conflict, NotFound, PreconditionFailed, found
from chassis.http import PageQuery, PathValues, paging

queries = sql.load(__file__)
FATES = ("slow", "fails", "missing")


class Item(Schema):
    """What can be written of an item."""

    note = fields.String(load_default="", validate=validate.Length(max=100))
    region = fields.String(load_default="01")
    rank = fields.Integer(load_default=0)


class NewItem(Item):
    """An item to make; `fate`: how its making goes."""

    name = fields.String(required=True)
    fate = fields.String(load_default=None, validate=validate.OneOf(FATES))


class ItemView(Item):
    """An item as it is kept."""

    name = fields.String()
    version = fields.Integer()
    weight = fields.Decimal()
    made_at = fields.AwareDateTime()


class ItemPath(PathValues):
    """What an item can be called when it is put."""

    name = fields.String(validate=validate.Length(max=50))


class ItemQuery(PageQuery):
    """Items by name, or in one of the other orders: several share a value in each."""

    key = ("name",)
    sorts: ClassVar = {"rank": "rank", "weight": "weight", "made_at": "made_at", "note": "note"}

    region = fields.String(load_default=None)


def make(tx, new, lock):
    """Make an item."""
    if queries.insert_item(tx, **new) == 0:
        raise Conflict("There is one of that name.")
    if new["fate"] == "slow":
        queries.hold(tx, key=lock)
    if new["fate"] == "fails":
        raise RuntimeError("after the item was written")
    if new["fate"] == "missing":
        raise NotFound("Something that it needs is not there.")
    return one(tx, new["name"])


def one(tx, name):
    """Return an item."""
    return found(queries.item(tx, name=name), "item")


def listed(tx, query):
    """Return a page of items."""
    return paging.fetch(tx, queries.list_items, query, ItemQuery, region=query["region"])


def put(tx, name, new, expects, lock):
    """Create or change an item, as the services do it."""
    before = queries.item(tx, name=name)
    known = before.version if before else None
    expects.check(known)
    if name == "slow":
        queries.hold(tx, key=lock)
    if not queries.save_item(tx, name=name, known=known, **new):
        raise PreconditionFailed
    return one(tx, name)


def remove(tx, name, expects):
    """Remove an item."""
    expects.check(one(tx, name).version)
    queries.delete_item(tx, name=name)


def meant(tx, name):
    """Return which item a name means: once-a is what a was called before."""
    return name.removeprefix("once-")


def owners(tx, name):
    """Return whose an item is."""
    item = queries.item(tx, name=name)
    return {"region": {item.region}} if item else None
