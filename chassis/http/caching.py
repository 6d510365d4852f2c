"""What caches are told: what is shown to one caller is nobody else's, and what is kept is asked for again.

Without a word from here an answer is `no-store` (chassis/shields.py): refusals, changes, tables, pages, and
whatever a respondent is shown, whose browser may be on a desk that others use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.access import PUBLIC, SESSION
from chassis.http.call import HTML

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from chassis.http.endpoint import Endpoint

_FOR_ALL, _FOR_ONE = {"Vary": "Accept"}, {"Vary": "Accept, Authorization"}


def headers(endpoint: Endpoint) -> dict[str, str]:
    """Return what of a request decides an endpoint's answers; nginx adds Accept-Encoding where it packs."""
    told = _FOR_ALL if endpoint.scope == PUBLIC else _FOR_ONE
    return {"Vary": f"{told['Vary']}, Accept-Language"} if endpoint.both else told


def allow(endpoint: Endpoint, response: Response) -> None:
    """Let what was read be kept and asked for by its ETag; what is not all's, in its reader's cache only."""
    if endpoint.method == "GET" and "ETag" in response.headers and not _for_eyes_only(endpoint, response):
        response.headers["Cache-Control"] = "no-cache" if endpoint.scope == PUBLIC else "private, no-cache"


def _for_eyes_only(endpoint: Endpoint, response: Response) -> bool:
    """Tell whether a browser would show it again to whoever presses "back"."""
    page = (endpoint.html and not endpoint.both) or response.mimetype == HTML
    return page or endpoint.scope == SESSION
