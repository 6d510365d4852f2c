"""A service with every kind of entrypoint that the tests need."""

from datetime import date
from typing import ClassVar

from marshmallow import Schema, fields, validate

from chassis import config, outbox, sql
from chassis.entrypoints import Settings, http, on_events
from chassis.errors import Conflict, NotFound
from chassis.events import Event
from chassis.fields import List
from chassis.http import Html, PageQuery, listing, paging
from chassis.http.deprecation import Deprecation
from services.things import events, items

queries = sql.load(__file__)
MOST_PARTS = 2000
LOCK = 4711  # requests and handlers that wait, wait for this


class Part(Schema):
    """A piece of a thing."""

    label = fields.String(required=True)
    weight = fields.Integer(required=True, validate=validate.Range(min=1))


class NewThing(Schema):
    """A thing to make."""

    name = fields.String(required=True)
    parts = List(fields.Nested(Part), most=MOST_PARTS)


class Counted(Schema):
    """A thing and how often it was heard of."""

    name = fields.String()
    times = fields.Integer()


class ThingQuery(PageQuery):
    """Things by name, or by how often they were heard of."""

    key = ("name",)
    sorts: ClassVar = {"times": "times"}


class ThingsService:
    """What the tests ask."""

    name = "things"
    settings = Settings(config.Settings)
    aliases: ClassVar = {"name": items.meant}

    @http(
        "POST",
        "/things",
        scope="suppliers:write",
        body=NewThing,
        query=ThingQuery,
        returns=NewThing,
        creates=True,
        status=201,
        location="/things/{name}",
    )
    def post_thing(self, tx, call):
        """Make a thing: it is heard of by way of the broker."""
        made = Event(schema=events.ThingMade, subject=call.body["name"], data={"name": call.body["name"]})
        outbox.emit(tx, [made])
        return call.body

    @http("GET", "/things", scope="suppliers:read", query=ThingQuery, returns=listing(Counted))
    def get_things(self, tx, call):
        """Return what was handled."""
        return paging.fetch(tx, queries.list_things, call.query, ThingQuery)

    @http("GET", "/things/<uuid:thing>", scope="suppliers:read", returns=NewThing)
    def get_thing(self, tx, call, thing):
        """Know no thing at all."""
        raise NotFound("no such thing")

    @http(
        "GET",
        "/old-things",
        scope="suppliers:read",
        query=ThingQuery,
        returns=listing(Counted),
        deprecated=Deprecation(since=date(2026, 11, 1), ends=date(2027, 11, 1), instead="Use /things."),
    )
    def get_old_things(self, tx, call):
        """List things as one did once."""
        return paging.fetch(tx, queries.list_things, call.query, ThingQuery)

    @http("DELETE", "/things/<name>", scope="suppliers:write", raises=(Conflict,))
    def delete_thing(self, tx, call, name):
        """Write what is in the path, and refuse to keep it."""
        queries.count_things(tx, names=[name])
        raise Conflict("things stay")

    @http("GET", "/numbered/<int(min=1):number>", scope="suppliers:read", returns=Counted)
    def get_numbered(self, tx, call, number):
        """Return a thing by its number."""
        return {"name": str(number), "times": 0}

    @http("PUT", "/numbered/<int(min=1):number>", scope="suppliers:write", returns=Counted)
    def put_numbered(self, tx, call, number):
        """Return the same."""
        return {"name": str(number), "times": 0}

    @http("POST", "/accidents", scope="suppliers:write")
    def post_accident(self, tx, call):
        """Fail in a way that nobody outside may read about."""
        raise RuntimeError("the secret is 4711")

    @http("POST", "/weighings", scope="suppliers:write", body=NewThing, returns=NewThing)
    def post_weighing(self, tx, call):
        """Say what was sent; nothing is made, so it takes no key."""
        return call.body

    @http("POST", "/waits", scope="suppliers:write", body=Schema, returns=Schema)
    def post_wait(self, tx, call):
        """Answer when the test lets go of the lock."""
        queries.hold(tx, key=LOCK)
        return {}

    @http(
        "POST",
        "/items",
        scope="suppliers:write",
        body=items.NewItem,
        returns=items.ItemView,
        creates=True,
        status=201,
        location="/items/{name}",
        versioned=True,
    )
    def post_item(self, tx, call):
        """Make an item, in the way that its fate says."""
        return items.make(tx, call.body, LOCK)

    @http("GET", "/items", scope="suppliers:read", query=items.ItemQuery, returns=listing(items.ItemView))
    def list_items(self, tx, call):
        """List items."""
        return items.listed(tx, call.query)

    @http("GET", "/items/<name>", scope="suppliers:read", returns=items.ItemView, versioned=True)
    def get_item(self, tx, call, name):
        """Read an item."""
        return items.one(tx, name)

    @http(
        "PUT",
        "/items/<name>",
        scope="suppliers:write",
        path=items.ItemPath,
        body=items.Item,
        returns=items.ItemView,
        creates=True,
        versioned=True,
    )
    def put_item(self, tx, call, name):
        """Create or change an item; one called `slow` waits between reading and writing."""
        return items.put(tx, name, call.body, call.expects, LOCK)

    @http("DELETE", "/items/<name>", scope="suppliers:write", versioned=True)
    def delete_item(self, tx, call, name):
        """Remove an item."""
        items.remove(tx, name, call.expects)

    @http("GET", "/owned/<name>", scope="suppliers:read", returns=items.ItemView, owner=items.owners)
    def get_owned(self, tx, call, name):
        """Read an item that belongs to its region."""
        return items.one(tx, name)

    @http("POST", "/owned/<name>/touch", scope="suppliers:write", returns=items.ItemView, owner=items.owners)
    def post_touch(self, tx, call, name):
        """Do something to an item: no new thing, so no key."""
        return items.one(tx, name)

    @http("GET", "/page", scope="public", html=True)
    def get_page(self, tx, call):
        """Return a page for people."""
        return Html("<!doctype html><p>Åäö</p>")

    @http("GET", "/both/<name>", scope="suppliers:read", returns=items.ItemView, html=True)
    def get_both(self, tx, call, name):
        """Read an item, or a page about it."""
        item = items.one(tx, name)
        return Html(f"<!doctype html><p>{name} {','.join(call.languages)}</p>") if call.page else item

    @http("GET", "/large", scope="public", html=True)
    def get_large(self, tx, call):
        """Return more than fits between two sockets."""
        return Html("x" * 30_000_000)

    @on_events("things", events.MadeSlice, queue="things.made")
    def count_made_things(self, tx, batch):
        """Count each."""
        queries.count_things(tx, names=[event.data["name"] for event in batch])
