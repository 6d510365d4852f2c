"""Country indices, a year at a time, and what countries come to by the national model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chassis import trail
from chassis.errors import Invalid, PreconditionFailed, found
from chassis.http import paging
from services.suppliers import domain, reference, repository, rulebook, schemas
from services.suppliers.usecases import waves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from chassis.db import Transaction
    from chassis.http import Expectation
    from services.suppliers.domain import CountryRisk, Index, Published, Rules


def import_country_index(
    tx: Transaction,
    key: tuple[str, int],
    published: Mapping[str, object],
    expects: Expectation,
    now: datetime,
) -> dict[str, Any]:
    """Replace a year (index, year) by what was published: alpha-3 code -> value. It scores all cases."""
    values, faults = domain.read_values(_rule(tx, key), published, reference.ISO2_BY_ISO3)
    if faults:
        raise Invalid({f"/values/{code}": text for code, text in faults.items()})
    return _replace(tx, key, values, expects, now)


def import_country_sheet(
    tx: Transaction, key: tuple[str, int], rows: Iterable[Published], expects: Expectation, now: datetime
) -> dict[str, Any]:
    """Replace a year (index, year) by a table: whole, or not at all with every fault by row and column."""
    values, faults = domain.read_sheet(key, _rule(tx, key), rows, reference.ISO2_BY_ISO3)
    if faults:
        raise Invalid({f"/{row}/{column}": text for (row, column), text in faults.items()})
    return _replace(tx, key, values, expects, now)


def _rule(tx: Transaction, key: tuple[str, int]) -> Index:
    """Return what an index is by the rule set in force, else by one that may come: values go first."""
    rules = repository.rule_sets.active(tx)
    if key[0] not in rules.indices:
        others = (
            repository.rule_sets.named(tx, each["name"]) for each in repository.rule_sets.all_of_them(tx)
        )
        rules = next((each for each in others if key[0] in each.indices), rules)
    return found(rules.indices.get(key[0]), "index in a rule set")


def _replace(
    tx: Transaction,
    key: tuple[str, int],
    values: Mapping[str, Decimal],
    expects: Expectation,
    now: datetime,
) -> dict[str, Any]:
    """Keep a year's values under a new version; the same once more are no new version."""
    before = repository.countries.dataset(tx, *key)
    known = before["version"] if before else None
    expects.check(known)
    if before and repository.countries.values_of_year(tx, *key) == values:
        return before
    repository.basis.hold(tx)
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


def get_country(tx: Transaction, code: str) -> dict[str, Any]:
    """Return a country's page: its risk as it stands, as it stood each year, and every published value."""
    country = found(reference.BY_ISO2.get(code), "country (ISO 3166-1 alpha-2)")
    rows = repository.countries.values_of_country(tx, code)
    rules = repository.rule_sets.active(tx)
    years = [_as_of(rows, year, rules) for year in sorted({row.year for row in rows})]
    return {
        "country": code,
        "iso3": country.iso3,
        "names": {"sv": country.sv, "en": country.en},
        "model": rulebook.country_model().name,
        "newest": years[-1] if years else _as_of([], None, rules),
        "years": years,
        "values": [row for row in rows if row.value is not None],
    }


def _as_of(rows: Sequence[Any], year: int | None, rules: Rules) -> dict[str, Any]:
    """Return a country's risk by the datasets up to and with a year; rows: all of them, oldest first."""
    used = {row.index: row for row in rows if year is not None and row.year <= year}
    values = {row.index: row.value for row in used.values() if row.value is not None}
    risk = _risk(values, rules)
    return {
        "year": year,
        "areas": risk.areas,
        "total": risk.total,
        "band": risk.band,
        "missing": risk.missing,
        "datasets": {row.index: row.year for row in used.values()},
    }


def _risk(values: Mapping[str, Decimal], rules: Rules) -> CountryRisk:
    return domain.country_risk(values, rules.area_indices, rules.indices, rulebook.country_model())


class _Row(NamedTuple):
    """A country in the list, with what it is put in order by."""

    country: str
    iso3: str
    name_sv: str
    name_en: str
    human_rights: Decimal | None
    workers_rights: Decimal | None
    environment: Decimal | None
    business_ethics: Decimal | None
    total: Decimal | None
    band: str
    missing: tuple[str, ...]
    by_total: str
    by_name: str


# Where Swedish readers look for these letters
_AFTER_Z = str.maketrans({"å": "~1", "ä": "~2", "ö": "~3"})


def list_countries(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the countries by the national model."""
    newest = repository.countries.newest_values(tx, reference.COUNTRIES, query["year"])
    filters = {name: query[name] for name in ("band", "missing", "year")}
    rules = repository.rule_sets.active(tx)
    rows = [_row(country, newest, query, rules) for country in reference.BY_ISO2.values()]
    return paging.among([row for row in rows if row], query, schemas.CountryQuery, **filters)


def _row(
    country: reference.Country, newest: Sequence[Any], query: Mapping[str, Any], rules: Rules
) -> _Row | None:
    """Return a country's row, None if a filter leaves it out."""
    values = {row.index: row.by_country[country.iso2] for row in newest if country.iso2 in row.by_country}
    risk = _risk(values, rules)
    if query["band"] not in {None, risk.band} or query["missing"] not in {None, *risk.missing_areas}:
        return None
    columns: dict[str, Any] = {
        **risk.areas,
        "total": risk.total,
        "band": risk.band,
        "missing": risk.missing,
        "by_total": "" if risk.total is None else f"{risk.total:010.4f}",
        "by_name": country.sv.casefold().translate(_AFTER_Z),
    }
    return _Row(country.iso2, country.iso3, country.sv, country.en, **columns)
