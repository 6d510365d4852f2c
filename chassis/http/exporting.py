"""Exports: a list as a table, whole, page by page, each in a transaction of its own; memory stays small."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from werkzeug.wrappers import Response

from chassis.events import loader
from chassis.http.paging import MOST_ITEMS
from chassis.tables.media import MEDIA_TYPES
from chassis.tables.writing import columns_of, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.http.call import Call
    from chassis.http.endpoint import Endpoint

    Page = dict[str, Any]

log = structlog.get_logger()


def forms(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the media types that an endpoint can be exported as: a list's items are a table's rows."""
    return tuple(MEDIA_TYPES) if endpoint.item and endpoint.pages else ()


def export(endpoint: Endpoint, media_type: str, call: Call, fetch: Callable[[Call], Page]) -> Response:
    """Answer with all that a list's filters let through; a refusal comes before the first byte."""

    def page(after: str | None) -> Page:
        return fetch(replace(call, query={**call.query, "limit": MOST_ITEMS, "after": after}))

    first = page(call.query["after"])
    name = f"{endpoint.route.rpartition('/')[2]}.{MEDIA_TYPES[media_type]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_pieces(endpoint, media_type, first, page), headers=headers, content_type=media_type)


def _pieces(
    endpoint: Endpoint, media_type: str, page: Page, following: Callable[[str], Page]
) -> Iterator[bytes]:
    schema = endpoint.item
    assert schema is not None, "only lists are exported"  # noqa: S101  what `forms` has made sure of
    with writer(media_type, columns_of(schema)) as table:
        yield table.head()
        try:
            while True:
                yield table.rows(loader(schema).dump(page["items"], many=True))
                if page["next"] is None:
                    break
                page = following(page["next"])
        except Exception as fault:
            # the connection breaks before the end of the table: who reads it can tell that it is not whole
            log.warning("export_broken", route=endpoint.route, reason=repr(fault)[:300])
            raise
        yield from table.ending()
