"""The yearly proposal of cases to follow up in a category; a person adjusts and confirms it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import access, outbox, trail
from chassis.errors import Conflict, Invalid, NotFound, found
from chassis.ids import uuid7
from services.suppliers import events, ownership, repository, rulebook, schemas
from services.suppliers.domain import proposal
from services.suppliers.usecases import leverage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from chassis.access import Identity, Owners
    from chassis.db import Transaction
    from chassis.http import Call, Expectation

    Kept = dict[str, Any]


def ask_for_proposal(tx: Transaction, wanted: Mapping[str, Any], actor: Identity, now: datetime) -> Kept:
    """Propose a category's most urgent cases for a year. Raises Conflict if the year has its proposal."""
    areas = repository.categories.areas_of_categories(tx, [wanted["category_id"]])
    if wanted["category_id"] not in areas:
        raise Invalid({"/category_id": "There is no such category."})
    owners = repository.follow_ups.owners_by(areas[wanted["category_id"]])
    access.require(actor, owners, "Another area's category")
    row = _proposal(tx, wanted, leverage.planned_from(wanted["year"], now))
    row |= {"follow_up_id": uuid7(), "asked_at": now, "asked_by": actor.subject}
    if not repository.follow_ups.add(tx, row):
        raise Conflict("There is a proposal for this category and year: change that, or withdraw it.")
    made = get_follow_up(tx, row["follow_up_id"])
    _wrote(tx, row["follow_up_id"], None, made, owners)
    return made


def _proposal(tx: Transaction, wanted: Mapping[str, Any], as_of: date) -> Kept:
    rules = rulebook.priority_rules()
    chosen = proposal.choose(_by_urgency(tx, wanted["category_id"], as_of), wanted["size"], rules)
    return {
        **wanted,
        "as_of": as_of,
        "rules": rules.version,
        "proposed": chosen.proposed,
        "passed_over": chosen.passed_over,
    }


def _by_urgency(tx: Transaction, category_id: str, as_of: date) -> Iterator[dict[str, Any]]:
    """Give a category's cases with their terms, as long as somebody asks for more."""
    for rows in repository.leverage.ranked(tx, leverage.everybodys(category_id, as_of)):
        yield from leverage.ranked_cases(tx, rows, as_of)


def get_follow_up(tx: Transaction, follow_up_id: UUID) -> Kept:
    """Return a proposal with what has become of it."""
    [shown] = _shown(tx, [found(repository.follow_ups.follow_up(tx, follow_up_id), "proposal")])
    return shown


def owners_of_follow_up(tx: Transaction, follow_up_id: UUID) -> Owners | None:
    """Return whose a proposal is: that of the area of its category."""
    return repository.follow_ups.owners(tx, follow_up_id)


def list_follow_ups(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of proposals within the caller's reach."""
    area = actor.limited_to("area")
    page = repository.follow_ups.follow_ups(tx, query, area, lambda row: row._asdict())
    return {**page, "items": _shown(tx, page["items"])}


def change_follow_up(tx: Transaction, follow_up_id: UUID, call: Call) -> Kept:
    """Write what a person makes of a proposal; once confirmed it is told, and stays as it is."""
    before = _held(tx, follow_up_id, call.expects, call.actor)
    change = _as_kept(call.body)
    if change == {name: before[name] for name in change}:
        return before
    if before["state"] == "confirmed":
        raise Conflict("It is confirmed, and the others have been told.")
    after = _changed(tx, before, change)
    if after["state"] == "confirmed":
        after |= {"confirmed_at": call.now, "confirmed_by": call.actor.subject}
        outbox.emit(tx, [events.followup_selected(after)])
    repository.follow_ups.change(tx, after if after["confirmed_at"] else after | {"selected": []})
    written = get_follow_up(tx, follow_up_id)
    _wrote(tx, follow_up_id, before, written, repository.follow_ups.owners(tx, follow_up_id))
    return written


def withdraw_follow_up(tx: Transaction, follow_up_id: UUID, expects: Expectation, actor: Identity) -> None:
    """Take a proposal back, so that another can be asked for. Raises Conflict for a confirmed one."""
    before = _held(tx, follow_up_id, expects, actor)
    if before["state"] == "confirmed":
        raise Conflict("It is confirmed, and the others have been told.")
    owners = repository.follow_ups.owners(tx, follow_up_id)
    repository.follow_ups.delete(tx, follow_up_id)
    _wrote(tx, follow_up_id, before, None, owners)


def _held(tx: Transaction, follow_up_id: UUID, expects: Expectation, actor: Identity) -> Kept:
    """Return a proposal, locked, in the version that its writer expects; others' look like none."""
    before = found(repository.follow_ups.lock(tx, follow_up_id), "proposal")
    owners = repository.follow_ups.owners(tx, follow_up_id)
    if owners is None or not actor.reaches(owners):
        raise NotFound("There is no such proposal.")
    expects.check(before["version"])
    [shown] = _shown(tx, [before])
    return shown


def _changed(tx: Transaction, before: Kept, change: Kept) -> Kept:
    """Return a proposal with a change made. Raises Invalid for what cannot be added, removed, confirmed."""
    added = [UUID(each["supplier_id"]) for each in change["added"]]
    keys = [(supplier_id, before["category_id"]) for supplier_id in added]
    terms = leverage.cases_of_keys(tx, keys, before["as_of"])
    after = before | change | {"added_cases": terms}
    after["selected"] = proposal.selected(after)
    faults = proposal.faults(after, {case["supplier_id"] for case in terms})
    if change["state"] == "confirmed":
        faults |= _ended(tx, after)
    if faults:
        raise Invalid(faults)
    return after


def _ended(tx: Transaction, after: Kept) -> dict[str, str]:
    """Say which of the selected have no contract any more that runs on the day from which it counts."""
    keys = [(UUID(str(one)), after["category_id"]) for one in after["selected"]]
    running = {str(case["supplier_id"]) for case in leverage.cases_of_keys(tx, keys, after["as_of"])}
    ended = [str(one) for one, _ in keys if str(one) not in running]
    return {"/state": f"No contract runs any more with: {', '.join(ended)}. Remove them."} if ended else {}


def _as_kept(new: Mapping[str, Any]) -> Kept:
    """Return a change in the form in which it is kept."""
    named = ("added", "removed")
    listed = {
        name: [each | {"supplier_id": str(each["supplier_id"])} for each in new[name]] for name in named
    }
    return {"state": new["state"], **listed}


def _shown(tx: Transaction, kept: Sequence[Kept]) -> list[Kept]:
    """Return what is kept, drafts by present ids and with the suppliers that are selected as they stand."""
    named = {UUID(one) for each in kept if each["state"] != "confirmed" for one in proposal.named(each)}
    aliases = repository.merging.survivors(tx, named) if named else {}
    meant = {str(old): str(survivor) for old, survivor in aliases.items()}
    return [each if each["state"] == "confirmed" else _draft(each, meant) for each in kept]


def _draft(kept: Kept, meant: Mapping[str, str]) -> Kept:
    present = proposal.at_survivors(kept, meant)
    return present | {"selected": proposal.selected(present)}


def _wrote(tx: Transaction, follow_up_id: UUID, before: Kept | None, after: Kept | None, owners: Any) -> None:
    trail.wrote(
        tx,
        "follow-up",
        follow_up_id,
        before,
        after,
        schema=schemas.follow_ups.FollowUpView,
        owners=owners or ownership.Standing().owners,
    )
