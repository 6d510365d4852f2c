"""Country indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import trail
from chassis.errors import Invalid, PreconditionFailed, found
from services.suppliers import domain, reference, repository, rulebook, schemas
from services.suppliers.usecases import waves

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chassis.db import Transaction
    from chassis.http import Expectation


def import_country_index(
    tx: Transaction,
    key: tuple[str, int],
    published: Mapping[str, object],
    expects: Expectation,
    now: datetime,
) -> dict[str, Any]:
    """Replace a year (index, year) by what was published. All cases are scored by it."""
    rule = found(rulebook.rules().indices.get(key[0]), "index in the rule set")
    values, faults = domain.read_values(rule, published, reference.ISO2_BY_ISO3)
    if faults:
        raise Invalid({f"/values/{code}": text for code, text in faults.items()})
    before = repository.countries.dataset(tx, *key)
    known = before["version"] if before else None
    expects.check(known)
    if not repository.countries.replace_country_values(tx, key, values, known, now):
        raise PreconditionFailed
    after = get_country_index(tx, *key)
    waves.begin(tx, "dataset", f"{key[0]}/{key[1]}", now)
    trail.wrote(tx, "country-index", f"{key[0]}/{key[1]}", before, after, schema=schemas.DatasetView)
    return after


def get_country_index(tx: Transaction, index: str, year: int) -> dict[str, Any]:
    """Return what has been imported of an index's year."""
    return found(repository.countries.dataset(tx, index, year), "year of this index")


def list_country_indices(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what has been imported."""
    return repository.countries.datasets(tx, query)
