"""The packaged codes are those of the project's data."""

from __future__ import annotations

import csv
from pathlib import Path

from services.suppliers import reference, rulebook

DATA = Path(__file__).parents[2] / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_countries_are_those_of_the_data() -> None:
    assert {row["iso3"]: row["iso2"] for row in rows("countries.csv")} == reference.ISO2_BY_ISO3


def test_regions_are_those_of_the_data() -> None:
    assert {row["county_code"] for row in rows("regions.csv")} == reference.REGIONS


def test_the_procurement_vocabulary_is_that_of_the_data() -> None:
    expected = [(row["code"], row["sv"], row["en"], row["parent"] or None) for row in rows("cpv_2008.csv")]
    assert list(reference.cpv().values()) == expected
    assert all(each.parent in reference.cpv() for each in reference.cpv().values() if each.parent)


def test_every_published_value_that_the_rules_read_is_accepted() -> None:
    indices = rulebook.rules().indices
    published = [row for row in rows("country_indices.csv") if row["index"] in indices]
    for row in published:
        indices[row["index"]].read(row["value"])
        assert row["iso3"] in reference.ISO2_BY_ISO3
    assert {row["index"] for row in published} == set(indices)
