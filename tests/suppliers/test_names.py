"""The key by which two spellings of a name meet, and how alike two names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.suppliers import likeness
from services.suppliers.domain import name_key, numbers_of

SAME = [
    ("Exempel Vård AB", "EXEMPEL VÅRD AKTIEBOLAG"),
    ("Exempel Vård AB", "Aktiebolaget Exempel Vard"),
    ("Exempel Vård AB (publ)", "exempel  vård, ab"),
    ("Exempel & Söner HB", "Exempel och Söner Handelsbolag"),
    ("Exempel A/S", "Exempel AS"),
    ("Exempel ApS", "Exempel"),
    ("Oy Exempel Ab", "Exempel Oyj"),
    ("Exempel S.p.A.", "Exempel SpA"),
    ("Exempel Sp. z o.o.", "EXEMPEL SP ZOO"),
    ("Exempel GmbH & Co. KG", "Exempel"),
    ("Exempel Ltd.", "Exempel Limited"),
    ("Exempel, Inc.", "Exempel LLC"),
    ("Exempel B.V.", "Exempel N.V."),
    ("Exempel s.r.o.", "Exempel Srl"),
    ("Exempel's SAS", "Exempels SA"),
    ("Smørrebrød Eksempel", "SMORREBROD EKSEMPEL"),
    ("Łódź Przykład", "lodz przyklad"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_and_legal_forms_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Exempel 1 AB", "Exempel 2 AB"), ("Exempel Norr AB", "Exempel Syd AB"), ("Exempel", "Exempla")],
)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", ["AB", "A/S", "& och", "—", "株式会社", "Oy Ab"])
def test_no_name_is_without_a_key(name: str) -> None:
    assert name_key(name)


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_a_key_is_never_empty_and_is_its_own_key_in_capitals_too(name: str) -> None:
    key = name_key(name)
    assert key
    assert name_key(name.upper().lower()) == name_key(name.upper())


def test_the_numbers_in_a_name_are_told() -> None:
    assert numbers_of(name_key("Exempel 24 nr 7 AB")) == ("24", "7")


ALIKE = [
    ("Exempelmedicin Sverige AB", "Exempelmedicin AB"),
    ("Exempelföretaget AB", "Exempelforetagett AB"),
    ("Exempellycke Health Care AB", "Exempellycke Healthcare Sverige AB"),
]
NOT_ALIKE = [
    ("Alfa Sverige AB", "Beta Sverige AB"),
    ("Exempel Medical Nordic", "Annan Medical Nordic"),
    ("Alfa Bygg Konsult", "Alva Bygg Konsult"),
    ("Alfa Health Care", "Beta Healthcare"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_are_alike_but_for_a_letter_or_a_word_that_many_have(one: str, other: str) -> None:
    assert likeness.is_alike(likeness.similarity(*(likeness.parts(name_key(each)) for each in (one, other))))


@pytest.mark.parametrize(("one", "other"), NOT_ALIKE)
def test_words_that_many_have_make_no_names_alike(one: str, other: str) -> None:
    found = likeness.similarity(*(likeness.parts(name_key(each)) for each in (one, other)))
    assert not likeness.is_alike(found)
