"""What the tests' own service emits and reads."""

from marshmallow import fields

from chassis.events import EventSchema, EventSlice


class ThingMade(EventSchema):
    """[name] A thing was made."""

    type = "thing_made"
    name = fields.String(required=True)
    size = fields.Integer()


class ThingLost(EventSchema):
    """[name] A thing was lost; no queue is bound to it."""

    type = "thing_lost"
    name = fields.String(required=True)


class MadeSlice(EventSlice):
    """What the consumers of `thing_made` read."""

    type = "thing_made"
    name = fields.String(required=True)
    size = fields.Integer()
