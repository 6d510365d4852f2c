"""Exports: a list as a table, whole, page by page, each in a transaction of its own; memory stays small."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from werkzeug.wrappers import Response

from chassis import turns
from chassis.http.paging import MOST_ITEMS
from chassis.loading import loader
from chassis.tables.media import CSV, MEDIA_TYPES, NDJSON
from chassis.tables.writing import columns_of, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.http.call import Call
    from chassis.http.endpoint import Endpoint
    from chassis.tables.writing import Writer

    Page = dict[str, Any]

log = structlog.get_logger()

# To some readers, such as `requests`, text is Latin-1 where it doesn't say what it is.
_CONTENT_TYPES = {form: form for form in MEDIA_TYPES} | {CSV: f"{CSV}; charset=utf-8"}


def forms(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the media types that an endpoint can be exported as: a list's items are a table's rows.

    A feed is as long as all that ever happened: it comes as text only.
    """
    if endpoint.item is None or endpoint.follows is None:
        return ()
    return tuple(MEDIA_TYPES) if endpoint.pages else (CSV, NDJSON)


def export(endpoint: Endpoint, media_type: str, call: Call, fetch: Callable[[Call], Page]) -> Response:
    """Answer with all that a list's filters let through; a refusal comes before the first byte."""
    # what `forms` has made sure of
    assert endpoint.item is not None  # noqa: S101
    assert endpoint.query is not None  # noqa: S101
    assert endpoint.follows is not None  # noqa: S101
    name, place = endpoint.follows, loader(endpoint.query).fields[endpoint.follows]

    def page(at: Any) -> Page:
        return fetch(replace(call, query={**call.query, "limit": MOST_ITEMS, name: at}))

    first = page(call.query[name])
    table = writer(media_type, columns_of(endpoint.item))
    file = f"{endpoint.route.rpartition('/')[2]}.{MEDIA_TYPES[media_type]}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    response = Response(
        _pieces(endpoint, table, first, lambda text: page(place.deserialize(text))),
        headers=headers,
        content_type=_CONTENT_TYPES[media_type],
    )
    response.call_on_close(table.close)  # also of a HEAD, which never asks for a piece
    return response


def _pieces(
    endpoint: Endpoint, table: Writer, page: Page, following: Callable[[str], Page]
) -> Iterator[bytes]:
    yield table.head()
    try:
        for each in _pages(page, following):
            for rows in turns.slices(each["items"]):
                yield table.rows(rows)
        yield from table.ending()
    except Exception as fault:
        # the connection breaks before the end of the table: who reads it can tell that it is not whole
        log.warning("export_broken", route=endpoint.route, reason=repr(fault)[:300])
        raise


def _pages(page: Page, following: Callable[[str], Page]) -> Iterator[Page]:
    """Give a page and all that follow: a list has an end, a feed stands where nothing is new."""
    while True:
        yield page
        if (asked := page["next"]) is None:
            return
        page = following(asked)
        if page["next"] == asked:
            return
