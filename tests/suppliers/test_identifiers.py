"""Suppliers' numbers: what each scheme takes, in which form it is kept, and whose are personal."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stdnum.exceptions
import stdnum.luhn
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chassis.loading import loader
from services.suppliers.schemas import registers
from services.suppliers.schemas.identifiers import (
    OPEN,
    PERSON,
    PERSON_ABROAD,
    SCHEMES,
    Identifiers,
    person,
    read_number,
)

DATA = Path(__file__).parents[2] / "data" / "public_buyers_orgnr.csv"

# Skatteverket's own test numbers
TOLVAN, COORDINATED = "191212121212", "197010632391"

WRITTEN = [
    ("orgnr", "556543-6168", "5565436168"),
    ("orgnr", "16556543-6168", "5565436168"),
    ("vat", "se 5565436168 01", "SE556543616801"),
    ("vat", "NL4495445B01", "NL004495445B01"),
    ("lei", "2138 00KU D8LA JWSQ 9D15", "213800KUD8LAJWSQ9D15"),
    ("gln", "7300010-000001", "7300010000001"),
    ("peppol", "0007:556543-6168", "0007:5565436168"),
    ("peppol", " 0088:7300010000001", "0088:7300010000001"),
    ("peppol", "0192:974760673", "0192:974760673"),
    ("peppol", "0184:DK13585628", "0184:DK13585628"),
    ("peppol", "0060:123456789", "0060:123456789"),
    ("foreign", "no:974 760 673", "NO:974760673"),
    ("foreign", "DK:13585628", "DK:13585628"),
    ("foreign", "FI:2077474-0", "FI:20774740"),
    ("foreign", "GB:SC 123456", "GB:SC 123456"),
    (PERSON, "121212-1212", None),
    (PERSON, "19121212-1212", TOLVAN),
    (PERSON, "121212+1212", TOLVAN),
]


@pytest.mark.parametrize(
    ("scheme", "text", "kept"),
    [
        ("vat", "ES54362315K", "ES:54362315K"),
        ("vat", "ESX2482300W", "ES:X2482300W"),
        ("vat", "CZ7103192745", "CZ:7103192745"),
        ("vat", "BG7523169263", "BG:7523169263"),
        ("vat", "LV16117519997", "LV:16117519997"),
        ("vat", "SK7103192745", "SK:7103192745"),
        ("vat", "RO1630615123457", "RO:1630615123457"),
        ("foreign", "IS:120174-3399", "IS:1201743399"),
        ("foreign", "CZ:710319/2745", "CZ:7103192745"),
        ("foreign", "LT:38703181745", "LT:38703181745"),
        ("peppol", "9920:ES54362315K", "ES:54362315K"),
        ("peppol", "0196:1201743399", "IS:1201743399"),
        (PERSON_ABROAD, "is:120174-3399", "IS:1201743399"),
    ],
)
def test_a_persons_number_of_another_country_is_one_wherever_it_stands(
    scheme: str, text: str, kept: str
) -> None:
    assert read_number(scheme, text) == (PERSON_ABROAD, kept)
    assert PERSON_ABROAD not in OPEN


@pytest.mark.parametrize(
    ("scheme", "number"),
    [
        ("vat", "ESB58378431"),
        ("vat", "CZ25123891"),
        ("vat", "BG175074752"),
        ("vat", "LV40003521600"),
        ("foreign", "IS:4504013150"),
        ("foreign", "CZ:25123891"),
    ],
)
def test_a_companys_number_there_is_open(scheme: str, number: str) -> None:
    assert read_number(scheme, number) == (scheme, number)


@pytest.mark.parametrize("text", ["9955:SE811218987601", "9955:SE 811218-9876-01", "0007:811218-9876"])
def test_a_sole_traders_number_in_a_peppol_id_is_a_persons(text: str) -> None:
    assert read_number("peppol", text) == (PERSON, "198112189876")


@pytest.mark.parametrize(("scheme", "text", "kept"), WRITTEN)
def test_a_number_is_kept_in_its_compact_form_whatever_it_is_written_like(
    scheme: str, text: str, kept: str | None
) -> None:
    read = read_number(scheme, text)
    assert read == (scheme, kept or read[1])
    assert read_number(*read) == read


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("orgnr", "5565436169"),
        ("orgnr", "55654361"),
        ("orgnr", ""),
        ("vat", "SE556543616802"),
        ("vat", "NO974760673"),
        ("lei", "213800KUD8LAJWSQ9D16"),
        ("lei", "2138"),
        ("gln", "7300010000002"),
        ("gln", "73513537"),  # an EAN-8
        ("peppol", "5560747569"),
        ("peppol", "9999:5565436168"),
        ("peppol", "0007:5565436169"),
        ("peppol", "0088:7300010000002"),
        ("peppol", "0060:12 34/56"),
        ("foreign", "13585628"),
        ("foreign", "XX:1"),
        ("foreign", "SE:5565436168"),
        ("foreign", "NO:974760674"),
        ("foreign", "GB:<script>"),
        ("foreign", "GB:" + "1" * 51),
        (PERSON, "5565436168"),
        (PERSON_ABROAD, "ES:B58378431"),
        (PERSON_ABROAD, "NO:01010750160"),
        (PERSON, "191212121213"),
        (PERSON, "191213121212"),
        (PERSON, "١٩١٢١٢١٢١٢١٢"),
    ],
)
def test_a_wrong_number_is_refused_without_being_repeated(scheme: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_number(scheme, text)
    assert not text or text not in str(refused.value)


def _checked(digits: str) -> str:
    return digits + stdnum.luhn.calc_check_digit(digits)


organisations = st.builds(
    lambda head, third, tail: _checked(f"{head:02}{third}{tail:06}"),
    st.integers(10, 99),
    st.integers(2, 9),
    st.integers(0, 999_999),
)
persons = st.builds(
    lambda born, coordinated, serial: (
        f"{born.year}"[:2] + _checked(f"{born:%y%m}{born.day + (60 if coordinated else 0):02}{serial:03}")
    ),
    st.dates(min_value=date(1930, 1, 1), max_value=date(2010, 1, 1)),
    st.booleans(),
    st.integers(0, 999),
)


@given(organisations, st.sampled_from(["", "-", " "]))
def test_an_organisations_number_comes_back_as_it_is_and_is_nobodys_person(number: str, sign: str) -> None:
    written = f"{number[:6]}{sign}{number[6:]}"
    assert read_number("orgnr", written) == ("orgnr", number)
    assert read_number("vat", f"SE{number}01") == ("vat", f"SE{number}01")
    assert read_number("peppol", f"0007:{written}") == ("peppol", f"0007:{number}")
    assert person(written) is None


@given(persons)
def test_a_persons_number_is_kept_as_one_wherever_it_stands(number: str) -> None:
    short = f"{number[2:8]}-{number[8:]}"
    for scheme, text in (
        (PERSON, number),
        (PERSON, short),
        ("orgnr", number[2:]),
        ("orgnr", number),
        ("vat", f"SE{number[2:]}01"),
        ("peppol", f"0007:{number[2:]}"),
        ("foreign", f"SE:{number}"),
    ):
        assert read_number(scheme, text) == (PERSON, number)


@given(st.sampled_from(list(SCHEMES)), st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(scheme: str, text: str) -> None:
    try:
        kept = read_number(scheme, text)
    except ValidationError:
        return
    assert read_number(*kept) == kept


def test_two_persons_numbers_of_one_supplier_contradict_each_other() -> None:
    load: Any = loader(Identifiers).load
    assert load({"orgnr": "121212+1212", PERSON: TOLVAN}) == {PERSON: TOLVAN}
    with pytest.raises(ValidationError) as refused:
        load({"orgnr": "121212+1212", PERSON: COORDINATED})
    assert list(refused.value.messages) == [PERSON]
    assert PERSON not in OPEN


def test_real_buyers_are_organisations_but_for_those_that_are_persons() -> None:
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    read: dict[str, str] = {}
    for row in rows:
        try:
            read[row["orgnr"]] = read_number("orgnr", row["orgnr"])[0]
        except ValidationError:
            read[row["orgnr"]] = "wrong"
    expected = {
        row["orgnr"]: "wrong"
        if row["valid_luhn"] == "false"
        else PERSON
        if row["legal_form"] == "Fysiska personer"
        else "orgnr"
        for row in rows
    }
    assert read == expected
    assert sorted(read.values()).count("wrong") == 10


@pytest.mark.parametrize("known", [registers.BUSINESS, registers.PEPPOL_CHECKED])
def test_every_register_that_is_known_has_its_check_in_the_library(known: dict[str, registers.Check]) -> None:
    for check in known.values():
        assert not check.is_valid("no number")
        with pytest.raises(stdnum.exceptions.ValidationError):
            check.validate("no number")


def test_so_has_every_country_with_numbers_of_persons():
    assert not any(check.is_valid("no number") for _, check in registers.PERSONS.values())
