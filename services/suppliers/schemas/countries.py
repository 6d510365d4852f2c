"""Country indices, year by year, and the national model of country risk."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.http import PageQuery
from services.suppliers.domain import AREAS, COUNTRY_BANDS, NO_DATA
from services.suppliers.schemas.common import COUNTRY

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_BAND = validate.OneOf([*COUNTRY_BANDS, NO_DATA])


class CountryValues(Schema):
    """An index's whole year: ISO 3166-1 alpha-3 code -> value as published."""

    values = fields.Dict(
        keys=fields.String(), values=fields.Raw(), required=True, validate=validate.Length(min=1)
    )

    example: ClassVar[dict[str, Any]] = {"values": {"CHN": 5, "DEU": 1, "MYS": 4, "SWE": 1}}


# The same as a table
SHEET_EXAMPLE = (
    "iso3,country,index,year,value,scale_min,scale_max,higher_is_better,label\n"
    "CHN,China,ITUC_GRI,2026,5,1,6,false,5\n"
    "MMR,Myanmar,ITUC_GRI,2026,6,1,6,false,5+\n"
)


class DatasetView(Schema):
    """An imported year of an index; `version` counts its imports. A score uses each index's newest year."""

    index = fields.String()
    year = fields.Integer()
    version = fields.Integer()
    imported_at = fields.AwareDateTime()
    countries = fields.Integer()

    example: ClassVar[dict[str, Any]] = {
        "index": "ITUC_GRI",
        "year": 2026,
        "version": 1,
        "imported_at": "2026-06-12T07:30:00+00:00",
        "countries": 151,
    }


class DatasetQuery(PageQuery):
    """Only one index's years."""

    key = ("index", "year")
    sorts: ClassVar = {"year": "year", "imported_at": "imported_at"}

    index = fields.String(load_default=None)


CountryAreas = Schema.from_dict(
    {area: fields.Decimal(allow_none=True) for area in AREAS}, name="CountryAreas"
)
_AREAS = {"human_rights": 41.97, "workers_rights": 10, "environment": 35.5, "business_ethics": 43}


class CountryYear(Schema):
    """A country's risk by all that was published up to and with a year: each index in its newest year, whole.

    `areas` and `total` (0-400): higher is safer; null: no data, as band `no_data`. `missing`: the indices
    without a value. `datasets`: which year each index is of. `year` null: nothing was imported.
    """

    year = fields.Integer(allow_none=True)
    areas = fields.Nested(CountryAreas)
    total = fields.Decimal(allow_none=True)
    band = fields.String(validate=_BAND)
    missing = fields.List(fields.String())
    datasets = fields.Dict(fields.String(), fields.Integer())

    example: ClassVar[dict[str, Any]] = {
        "year": 2026,
        "areas": _AREAS,
        "total": 130.47,
        "band": "high",
        "missing": [],
        "datasets": {"CPI": 2025, "EPI": 2024, "ITUC_GRI": 2026, "WGI_CC_PCTRANK": 2023},
    }


class CountryNames(Schema):
    """What a country is called."""

    sv = fields.String()
    en = fields.String()


class CountryValue(Schema):
    """A value as it was published, and the version of the dataset that it comes from."""

    index = fields.String()
    year = fields.Integer()
    version = fields.Integer()
    value = fields.Decimal()


class CountryView(Schema):
    """A country by the national model: as it stands now, as it stood each year, and every published value."""

    country = fields.String(metadata=COUNTRY)
    iso3 = fields.String()
    names = fields.Nested(CountryNames)
    model = fields.String()
    newest = fields.Nested(CountryYear)
    years = fields.List(fields.Nested(CountryYear))
    values = fields.List(fields.Nested(CountryValue))

    example: ClassVar[dict[str, Any]] = {
        "country": "CN",
        "iso3": "CHN",
        "names": {"sv": "Kina", "en": "China"},
        "model": "national-2022",
        "newest": CountryYear.example,
        "years": [CountryYear.example],
        "values": [{"index": "CPI", "year": 2025, "version": 1, "value": 43}],
    }


class CountryRow(Schema):
    """A country in the list: as CountryYear, in one row."""

    country = fields.String(metadata=COUNTRY)
    iso3 = fields.String()
    name_sv = fields.String()
    name_en = fields.String()
    human_rights = fields.Decimal(allow_none=True)
    workers_rights = fields.Decimal(allow_none=True)
    environment = fields.Decimal(allow_none=True)
    business_ethics = fields.Decimal(allow_none=True)
    total = fields.Decimal(allow_none=True)
    band = fields.String(validate=_BAND)
    missing = fields.List(fields.String())

    example: ClassVar[dict[str, Any]] = {
        "country": "CN",
        "iso3": "CHN",
        "name_sv": "Kina",
        "name_en": "China",
        **_AREAS,
        "total": 130.47,
        "band": "high",
        "missing": [],
    }


class CountryQuery(PageQuery):
    """Only countries of a band, or without data in an area; as things stood in a year, else as they stand."""

    key = ("country",)
    # who has no total comes before all others
    sorts: ClassVar = {"country": "country", "total": "by_total", "name_sv": "by_name"}

    band = fields.String(load_default=None, validate=_BAND)
    missing = fields.String(load_default=None, validate=validate.OneOf(AREAS))
    year = fields.Integer(load_default=None, validate=validate.Range(_FIRST_YEAR, _LAST_YEAR))
