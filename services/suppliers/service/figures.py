"""This service's part of the annual report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.errors import Conflict, NotFound
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call

_YEAR = "/figures/<int(min=2000, max=2100):year>"


class Figures:
    """This service's part of the annual report."""

    @http(
        "GET",
        "/figures",
        scope="figures:read",
        query=schemas.figures.FiguresQuery,
        returns=schemas.figures.FiguresView,
        raises=(NotFound,),
    )
    def get_figures(self, tx: Transaction, call: Call) -> Any:
        """Read a year's figures: as they stand, or as they were published."""
        return usecases.figures.get_figures(tx, call.query["year"], call.actor, call.now)

    @http("GET", _YEAR, scope="public", returns=schemas.figures.PublishedFigures)
    def get_published_figures(self, tx: Transaction, call: Call, year: int) -> Any:
        """Read a year's figures as they were published."""
        return usecases.figures.get_published(tx, year)

    @http(
        "POST",
        f"{_YEAR}/publication",
        scope="figures:write",
        returns=schemas.figures.FiguresView,
        raises=(Conflict, NotFound),
    )
    def post_publication(self, tx: Transaction, call: Call, year: int) -> Any:
        """Publish the figures of a year that is over: they stay as they are, and anybody may read them."""
        return usecases.figures.publish_figures(tx, year, call.actor, call.now)
