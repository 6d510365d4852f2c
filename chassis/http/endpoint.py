"""What a service declares of an endpoint: all that reading, deciding, answering and documenting need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chassis.http.paging import PageQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from marshmallow import Schema

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.errors import ProblemError
    from chassis.http.deprecation import Deprecation
    from chassis.http.route import PathParameter
    from chassis.http.sheets import Sheet

    OwnersOf = Callable[..., Owners | None]

# One address for all services, whoever stands before them; `v1` stays as long as nothing is taken away.
_BASE = "/api/v1"
CHANGING = frozenset({"PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method at one address. `route` is as documents name it: `/api/v1/<service>/things/{thing_id}`.

    scope: who may call it (access.toml), "public", or "session".
    owner: (tx, **path values) -> whose the thing is; asked before the use case.
    path: what the parts of its address that vary must be, beyond their converters.
    creates: each POST makes something new and takes an Idempotency-Key; a PUT may make what is not there yet.
    versioned: the item has a `version`, which its ETag names; changes to it need If-Match (a POST, too, that
        makes nothing new), or If-None-Match where they create.
    transaction: False for what is in no table: the method gets None for `tx`, and answers without a database.
    sheet: the body may be a small table, too, in place of the JSON of `body`.
    raises: what the use case refuses beside what the declaration tells already (chassis/http/outcomes.py).
    aliases: by parameter of the address, (tx, value) -> what it means, asked where nothing has that value.
    deprecated: since when, until when, and what to use instead; documented, and told in every answer.
    """

    method: str
    route: str
    scope: str
    name: str = ""
    summary: str = ""
    body: Any = None  # type[Schema] | None
    sheet: Sheet | None = None
    query: type[Schema] | None = None
    path: type[Schema] | None = None
    returns: type[Schema] | None = None
    status: int = 200
    location: str | None = None
    owner: OwnersOf | None = None
    creates: bool = False
    versioned: bool = False
    transaction: bool = True
    html: bool = False  # a page for people; beside `returns`: for who would rather have that than JSON
    parameters: tuple[PathParameter, ...] = ()
    raises: tuple[type[ProblemError], ...] = ()
    deprecated: Deprecation | None = None
    aliases: Mapping[str, Callable[[Transaction, Any], Any]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Return what this address has in common with all of its service's."""
        return "/".join(self.route.split("/")[: _BASE.count("/") + 2])

    def __post_init__(self) -> None:
        """Refuse what says one thing by its status and another by `creates`."""
        if self.method == "POST" and self.creates != (self.status in {201, 202}):
            raise ValueError(f"{self.route}: a POST that creates says creates=True and status 201 or 202")
        if self.creates and self.method not in {"POST", "PUT"}:
            raise ValueError(f"{self.route}: {self.method} creates nothing")
        if not self.transaction and (self.owner or self.creates):
            raise ValueError(f"{self.route}: who owns it, or which key it has, is in the database")

    @property
    def keyed(self) -> bool:
        """Tell whether each call takes an Idempotency-Key, since it makes something new."""
        return self.method == "POST" and self.creates

    @property
    def both(self) -> bool:
        """Tell whether JSON and a page stand at the same address, the caller's Accept and language decide."""
        return self.html and self.returns is not None

    @property
    def conditional(self) -> bool:
        """Tell whether a caller has to say which version it changes."""
        return self.versioned and (self.method in CHANGING or (self.method == "POST" and not self.creates))

    @property
    def item(self) -> type[Schema] | None:
        """Return the schema of a list's items; None for what is no list."""
        return getattr(self.returns, "item", None) if self.method == "GET" else None

    @property
    def pages(self) -> type[PageQuery] | None:
        """Return the list's query, if it is a list in pages."""
        is_list = self.query is not None and issubclass(self.query, PageQuery)
        return self.query if is_list else None  # type: ignore[return-value]

    @property
    def follows(self) -> str | None:
        """Return the query's parameter that goes on from page to page: of a list, or of a feed."""
        return getattr(self.query, "follows", None)


def prefix_of(service: str) -> str:
    """Return what all of a service's addresses begin with."""
    return f"{_BASE}/{service}"


def owned(tx: Transaction, endpoint: Endpoint, path_values: Mapping[str, Any]) -> Owners | None:
    """Return whose the thing at this address is; an endpoint without an `owner` is everybody's."""
    return endpoint.owner(tx, **path_values) if endpoint.owner else {}
