"""`kedja audit-trail`: whether the trail is still what was sealed, and what an erasure takes out of it."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from chassis import chain, db, trail
from chassis.installed import dsn_of, service_argument, user

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 20


class Anchor(click.ParamType[tuple[int, bytes]]):
    """A place of the chain that was noted elsewhere: SEQ:HASH."""

    name = "seq:hash"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, bytes]:
        """Return both."""
        seq, _, text = str(value).partition(":")
        try:
            found = int(seq), bytes.fromhex(text)
        except ValueError:
            self.fail(f"{value!r} is not SEQ:HASH, as verify prints it", param, ctx)
        if found[0] < 1 or len(found[1]) != chain.HASH_BYTES:
            self.fail(f"{value!r} is not SEQ:HASH, as verify prints it", param, ctx)
        return found


@click.group(name="audit-trail")
def audit_trail() -> None:
    """Who wrote what: see docs/audit-trail.md."""


@audit_trail.command()
@service_argument
@click.option("--expect", multiple=True, type=Anchor(), help="SEQ:HASH that an earlier run has printed.")
def verify(service: str, expect: Iterable[tuple[int, bytes]]) -> None:
    """Walk the chain of SERVICE's audit trail; exit with 1 if it is not what was sealed, and say where.

    What it prints at the end is to be kept where nobody who can write to the database can: given to a later
    run with --expect, it shows also that the whole chain was not made anew, or its end cut off.
    """
    with closing(db.connect(dsn_of(service))) as conn:
        conn.set_session(readonly=True)
        with conn:
            trail.queries.trust_built_ins(conn)
        walked = chain.Walk(conn, dict(expect))
        faults = 0
        for fault in walked.faults():
            faults += 1
            if faults <= _SHOWN:
                click.echo(f"{service}: {fault}", err=True)
    waiting = f", {walked.unsealed} more wait for the sealer" if walked.unsealed else ""
    click.echo(f"{service}: {walked.rows} entries{waiting}")
    if faults:
        click.echo(f"{service}: the audit trail was tampered with: {faults} faults", err=True)
        sys.exit(1)
    click.echo(f"{service}: intact up to {walked.head}")


@audit_trail.command()
@service_argument
@click.argument("resource")
@click.argument("resource_id", metavar="ID")
@click.option("--by", help="Who does it; kept in the trail.  [default: the user who types]")
def forget(service: str, resource: str, resource_id: str, by: str | None) -> None:
    """Erase the personal values of one thing from SERVICE's audit trail, once that has been decided.

    RESOURCE and ID are as the trail has them, such as `recipient region/01`. What the service itself holds of
    the person is erased over the API before. The trail gets an entry of who did it. Exits with 1 if the trail
    holds nothing personal of that thing.
    """
    with closing(db.connect(dsn_of(service))) as conn, conn:
        erased = trail.forget(conn, resource, resource_id, by or user())
    if not erased:
        click.echo(f"{service}: the trail holds nothing personal of {resource} {resource_id}", err=True)
        sys.exit(1)
    click.echo(f"{service}: erased from the trail: {resource} {resource_id}")
