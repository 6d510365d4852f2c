"""Use cases as the seam calls them: who asks, what a writer takes for granted, and lists' queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import access
from chassis.access import Identity
from chassis.http import Expectation
from chassis.loading import loader

if TYPE_CHECKING:
    from chassis.http import PageQuery


def caller(role: str, **claims: str) -> Identity:
    """Somebody with every scope of a role, and with the claim that limits it."""
    known = access.roles()[role]
    scopes = known.scopes | {access.PUBLIC}
    return Identity(subject=role, client=role, role=role, scopes=scopes, view=known.view, claims=claims)


OFFICE = caller("national_office")
# Writes over whatever is there, or where nothing is yet
WHATEVER = Expectation(present=True, absent=True)


def page_query(schema: type[PageQuery], **given: Any) -> dict[str, Any]:
    """What the seam makes of a list's query; None leaves a part of it out."""
    data: dict[str, Any] = loader(schema).load({name: v for name, v in given.items() if v is not None})
    return data
