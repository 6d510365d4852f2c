"""What the regions have together in a case, how urgent it is to follow it up, and which cases are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.errors import Conflict
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_FOLLOW_UP = "/follow-ups/<uuid:follow_up_id>"


class Leverage:
    """What the regions have together in a case, how urgent it is to follow it up, and which cases are."""

    @http(
        "GET",
        "/suppliers/<uuid:supplier_id>/leverage",
        scope="risk:read",
        query=schemas.leverage.YearQuery,
        returns=schemas.leverage.LeverageView,
    )
    def get_leverage(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Read the regions' joint spend, the contract time left and the priority of a supplier's cases."""
        return usecases.leverage.get_leverage(tx, supplier_id, call.query["year"], call.actor, call.now)

    @http(
        "GET",
        "/categories/<category_id>/ranking",
        scope="risk:read",
        query=schemas.leverage.RankingQuery,
        returns=listing(schemas.leverage.RankedCase),
    )
    def list_ranking(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """List a category's cases, as far as they are yours, the most urgent to follow up first."""
        return usecases.leverage.list_ranking(tx, category_id, call.query, call.actor, call.now)

    @http(
        "POST",
        "/follow-ups",
        scope="follow-ups:write",
        body=schemas.follow_ups.NewFollowUp,
        returns=schemas.follow_ups.FollowUpView,
        creates=True,
        status=201,
        location="/follow-ups/{follow_up_id}",
        versioned=True,
    )
    def post_follow_up(self, tx: Transaction, call: Call) -> Any:
        """Ask for a proposal of cases to follow up in a category in a year: there is one of each."""
        return usecases.follow_ups.ask_for_proposal(tx, call.body, call.actor, call.now)

    @http(
        "GET",
        "/follow-ups",
        scope="follow-ups:read",
        query=schemas.follow_ups.FollowUpQuery,
        returns=listing(schemas.follow_ups.FollowUpSummary),
    )
    def list_follow_ups(self, tx: Transaction, call: Call) -> Any:
        """List the proposals, as far as they are yours."""
        return usecases.follow_ups.list_follow_ups(tx, call.query, call.actor)

    @http(
        "GET",
        _FOLLOW_UP,
        scope="follow-ups:read",
        returns=schemas.follow_ups.FollowUpView,
        owner=usecases.follow_ups.owners_of_follow_up,
        versioned=True,
    )
    def get_follow_up(self, tx: Transaction, call: Call, follow_up_id: UUID) -> Any:
        """Read a proposal with every case's arithmetic, and what has become of it."""
        return usecases.follow_ups.get_follow_up(tx, follow_up_id)

    @http(
        "PUT",
        _FOLLOW_UP,
        scope="follow-ups:write",
        body=schemas.follow_ups.FollowUpChange,
        returns=schemas.follow_ups.FollowUpView,
        versioned=True,
        raises=(Conflict,),
    )
    def put_follow_up(self, tx: Transaction, call: Call, follow_up_id: UUID) -> Any:
        """Add and remove cases, with reasons, and confirm: that is for ever, and the others are told."""
        return usecases.follow_ups.change_follow_up(tx, follow_up_id, call)

    @http("DELETE", _FOLLOW_UP, scope="follow-ups:write", versioned=True, raises=(Conflict,))
    def delete_follow_up(self, tx: Transaction, call: Call, follow_up_id: UUID) -> None:
        """Withdraw a proposal that is not confirmed, so that another can be asked for."""
        usecases.follow_ups.withdraw_follow_up(tx, follow_up_id, call.expects, call.actor)
