"""The procurement vocabulary: what it finds, and what it proposes."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import NotFound
from services.suppliers import domain, reference, schemas, usecases
from services.suppliers.domain.cpv import stem
from tests.callers import WHATEVER
from tests.suppliers.bodies import GLOVES, loaded

if TYPE_CHECKING:
    from chassis.db import Transaction

DATA = Path(__file__).parents[2] / "data"
CODES = sorted(reference.cpv())
prefixes = st.one_of(st.sampled_from(CODES), st.sampled_from(CODES).flatmap(
    lambda code: st.integers(2, 8).map(lambda length: code[:length])))  # fmt: skip
mappings = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(prefixes, max_size=4), max_size=6)


def real() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with (DATA / "risk_category_cpv.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["category_id"]].append(row["cpv_code"])
    return found


def test_the_real_mapping_proposes_for_each_code_those_that_it_was_mapped_to_and_nobody_else() -> None:
    mapping = real()
    assert sum(map(len, mapping.values())) == 103
    for code in {code for codes in mapping.values() for code in codes}:
        mapped = [category for category in sorted(mapping) if code in mapping[category]]
        assert domain.proposed(code, mapping) == [(category, code) for category in mapped]


def test_the_longest_prefix_proposes_and_all_ties_are_shown() -> None:
    known = {"a": ["33", "3314"], "b": ["33141420"], "c": ["33141000"], "d": ["33141420"], "e": ["18"]}
    assert domain.proposed("33141420", known) == [("b", "33141420"), ("d", "33141420")]
    assert domain.proposed("33141400", known) == [("c", "33141000")]
    assert domain.proposed("33140000", known) == [("a", "3314")]
    assert domain.proposed("33100000", known) == [("a", "33")]
    assert domain.proposed("44000000", known) == []


def test_a_whole_code_stands_for_all_below_it_and_keeps_its_division() -> None:
    assert [stem(each) for each in ("33140000", "30000000", "33141420", "3310", "33")] == [
        "3314",
        "30",
        "3314142",
        "3310",
        "33",
    ]


@given(st.sampled_from(CODES), mappings)
def test_no_category_has_a_longer_prefix_than_those_proposed(code: str, known: dict[str, list[str]]) -> None:
    found = domain.proposed(code, known)
    fitting = {(c, p) for c, given_ in known.items() for p in given_ if code.startswith(stem(p))}
    longest = max((len(stem(prefix)) for _, prefix in fitting), default=None)
    assert {category for category, _ in found} == {c for c, p in fitting if len(stem(p)) == longest}
    assert set(found) <= fitting
    assert found == domain.proposed(code, dict(reversed(known.items())))


@given(st.sampled_from(CODES))
def test_a_code_lies_below_its_parents(code: str) -> None:
    parent = reference.cpv()[code].parent
    assert parent is None or code.startswith(stem(parent))


def found(text: str, limit: int = 50) -> dict[str, Any]:
    return usecases.cpv.find_cpv(loaded(schemas.CpvQuery, {"text": text, "limit": limit}))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("operationshandskar", "33141420"),
        ("Surgical gloves", "33141420"),
        ("gloves surgical", "33141420"),
        ("SURGICAL GLOVES", "33141420"),
        ("33141420", "33141420"),
        ("läkemedel", "33600000"),
    ],
)
def test_a_code_is_found_by_words_in_either_language_or_by_its_digits(text: str, first: str) -> None:
    assert first in [each["code"] for each in found(text)["items"][:3]]


def test_what_is_found_holds_every_word_the_best_first_and_says_how_many_there_are() -> None:
    gloves = found("gloves", 3)
    assert gloves["found"] > 3
    assert gloves["items"][0]["labels"]["en"] == "Gloves"
    assert all("gloves" in each["labels"]["en"].casefold() for each in found("gloves", 200)["items"])
    assert found("3314")["found"] == sum(code.startswith("3314") for code in CODES)
    for nothing in ("zzzz", "%", "--", "99999999"):
        assert found(nothing) == {"found": 0, "items": []}


def test_without_a_text_there_are_the_divisions() -> None:
    divisions = usecases.cpv.find_cpv(loaded(schemas.CpvQuery, {}))
    assert [each["code"] for each in divisions["items"]] == [
        code for code in CODES if reference.cpv()[code].parent is None
    ]
    assert (divisions["found"], divisions["items"][0]["code"]) == (45, "03000000")


def test_a_code_shows_what_is_above_and_below_it_and_the_categories_that_it_proposes(tx: Transaction) -> None:
    for name, given_ in (("handskar", ["33141420"]), ("engang", ["33141420"]), ("vard", ["33"])):
        body = loaded(schemas.NewCategory, GLOVES | {"cpv_prefixes": given_})
        usecases.categories.put_category(tx, name, body, WHATEVER)
    page = usecases.cpv.get_cpv(tx, "33141420")
    assert (page["code"], page["labels"]) == (
        "33141420",
        {"sv": "Operationshandskar", "en": "Surgical gloves"},
    )
    assert [each["code"] for each in page["parents"]] == [
        "33000000",
        "33100000",
        "33140000",
        "33141000",
        "33141400",
    ]
    assert page["children"] == []
    assert page["proposed"] == [
        {"category_id": name, "names": GLOVES["names"], "prefix": "33141420"}
        for name in ("engang", "handskar")
    ]
    above = usecases.cpv.get_cpv(tx, "33141400")
    assert "33141420" in [each["code"] for each in above["children"]]
    assert [each["category_id"] for each in above["proposed"]] == ["vard"]
    assert usecases.cpv.get_cpv(tx, "33141420-0") == page


@pytest.mark.parametrize(
    "code", ["3314142", "33141421", "33141420-", "33141420-x", "33141420-00", "x", "٣٣١٤١٤٢٠"]
)
def test_what_is_no_code_is_not_found(tx: Transaction, code: str) -> None:
    with pytest.raises(NotFound):
        usecases.cpv.get_cpv(tx, code)
