"""Suppliers' numbers: each scheme's rule, and the numbers of natural persons, which are personal data."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import stdnum.ean
import stdnum.eu.vat
import stdnum.lei
import stdnum.luhn
import stdnum.se.orgnr
import stdnum.se.personnummer
from marshmallow import Schema, ValidationError, fields, post_load
from stdnum.exceptions import ValidationError as NumberError
from stdnum.util import clean

from services.suppliers import reference
from services.suppliers.schemas import registers
from services.suppliers.schemas.common import LONGEST_TEXT, OPTIONAL

# A natural person's number (personnummer, samordningsnummer), also where it stands in for an organisation's.
PERSON = "personnr"
# The same of other countries, with the country: a DNI, a rodné číslo, a kennitala.
PERSON_ABROAD = "foreign_person"

_ICD = re.compile(r"([0-9]{4}):([A-Z0-9][A-Z0-9._~-]{0,49})")
_FOREIGN = re.compile(r"([A-Z]{2}):([A-Z0-9](?:[A-Z0-9 ./&()-]{0,48}[A-Z0-9.)])?)")
_PERSON = re.compile(r"((?:[0-9]{2})?)([0-9]{4})([0-9]{2})([-+]?)([0-9]{4})")
# One within a text, whatever stands before and after it but digits
_PERSON_WITHIN = re.compile(r"(?<![0-9])(?:[0-9]{2})?[0-9]{6} ?[-+]? ?[0-9]{4}(?![0-9])")
_COORDINATION = 60  # is added to the day of birth in a samordningsnummer
_GLN_DIGITS, _LEI_CHARACTERS = 13, 20
_PEPPOL_VAT = "9955:"  # before a Swedish VAT number in a Peppol id
_LEGAL_PERSON = "16"  # what authorities put before an orgnr to make it as long as a personnummer
_ORGNR_DIGITS = 10
_FIRST_OF_LEGAL = "2"  # the third digit of an orgnr is at least this one: no month begins with it


def person(text: str) -> str | None:
    """Return the twelve digits of a natural person's Swedish number; None: it is no such number.

    Where the century is missing, the person is under a hundred years old; a plus says the opposite.
    """
    found = _PERSON.fullmatch(clean(text, " ").strip())
    if not found:
        return None
    century, month, day, sign, serial = found.groups()
    born = int(day) - (_COORDINATION if int(day) > _COORDINATION else 0)
    try:
        stdnum.luhn.validate(f"{month}{day}{serial}")
        date = stdnum.se.personnummer.get_birth_date(f"{century}{month}{born:02}{sign or '-'}{serial}")
    except NumberError:
        return None
    return f"{date.year:04}{month[2:]}{day}{serial}"


def _orgnr(text: str) -> str:
    number = clean(text, " -.").strip()
    if len(number) == _ORGNR_DIGITS + 2 and number.startswith(_LEGAL_PERSON):
        number = number[2:]
    number = str(stdnum.se.orgnr.validate(number))
    if number[2] < _FIRST_OF_LEGAL:
        raise ValidationError("Is no valid orgnr: the third digit of an organisation's is at least 2.")
    return number


def _of_length(length: int, module: Any, text: str) -> str:
    number = str(module.validate(text))
    if len(number) != length:
        raise ValidationError(f"Must have {length} characters.")
    return number


def _peppol(text: str) -> str:
    """Read a participant id: an ISO 6523 code of the network's list, and a number that fits it."""
    found = _ICD.fullmatch(clean(text, " ").strip().upper())
    if not found:
        raise ValidationError("Must be a code of four digits, a colon and a number, such as 0007:5565436168.")
    code, value = found.groups()
    if code not in registers.PEPPOL:
        raise ValidationError(f"{code} is no code of the Peppol network's list.")
    if check := registers.PEPPOL_CHECKED.get(code):  # the network knows a number as it is written
        check.validate(value)
        value = re.sub(r"[-._~]", "", value)
    return f"{code}:{value}"


def _foreign(text: str) -> str:
    """Read a registration abroad: the country, and the number as its register has it."""
    found = _FOREIGN.fullmatch(text.strip().upper())
    if not found or found[1] not in reference.COUNTRIES:
        raise ValidationError("Must be a country code, a colon and a number, such as NO:974760673.")
    country, value = found.groups()
    if country == "SE":
        raise ValidationError("A number of the Swedish register is an orgnr.")
    check = registers.BUSINESS.get(country)
    return f"{country}:{check.validate(value).upper() if check else value}"


def _personnr(text: str) -> str:
    number = person(text)
    if number is None:
        raise ValidationError("Is no valid personnr.")
    return number


def _person_abroad(text: str) -> str:
    number = _abroad_in("foreign", text)
    if number is None:
        known = ", ".join(registers.PERSONS)
        raise ValidationError(
            f"Must be a valid number of a natural person with its country, one of: {known}."
        )
    return number


class Scheme(NamedTuple):
    """How a scheme's numbers are read (raises ValidationError or stdnum's), and what is told of them."""

    read: Any
    accepted: str
    masked: bool = False


SCHEMES: dict[str, Scheme] = {
    "orgnr": Scheme(_orgnr, "a Swedish organisation number, such as 556543-6168"),
    "vat": Scheme(stdnum.eu.vat.validate, "a VAT number of an EU country, such as SE556543616801"),
    "lei": Scheme(
        lambda text: _of_length(_LEI_CHARACTERS, stdnum.lei, text),
        "a legal entity identifier of 20 characters",
    ),
    "gln": Scheme(
        lambda text: _of_length(_GLN_DIGITS, stdnum.ean, text), "a global location number of 13 digits"
    ),
    "peppol": Scheme(_peppol, "a Peppol participant id, such as 0007:5565436168 or 0088:7300010000001"),
    "foreign": Scheme(_foreign, "a registration abroad with its country, such as NO:974760673"),
    PERSON: Scheme(_personnr, "a personnummer or samordningsnummer of a sole trader", masked=True),
    PERSON_ABROAD: Scheme(
        _person_abroad, "a natural person's number abroad with its country, such as ES:54362315K", masked=True
    ),
}
OPEN = tuple(scheme for scheme, its in SCHEMES.items() if not its.masked)
IN_NO_URL = "A natural person's number stands in no URL: POST /suppliers/lookup takes it."


def read_number(scheme: str, text: str) -> tuple[str, str]:
    """Return the scheme that a number is kept under, and its compact form; raises ValidationError.

    A natural person's number is one wherever it stands: as an orgnr, in a VAT number, in a Peppol id.
    """
    if hidden := _person_in(scheme, text):
        return PERSON, hidden
    if hidden := _abroad_in(scheme, text):
        return PERSON_ABROAD, hidden
    try:
        return scheme, str(SCHEMES[scheme].read(text))
    except NumberError as fault:
        raise ValidationError(f"Is no valid {scheme}: {fault}") from None


def names_person(text: str) -> bool:
    """Tell whether a text is a natural person's number as any scheme has it, or holds a Swedish one."""
    if any(_person_in(scheme, text) or _abroad_in(scheme, text) for scheme in SCHEMES):
        return True
    within = _PERSON_WITHIN.finditer(clean(text, "."))
    return any(person(found[0]) for found in within)


def _abroad_in(scheme: str, text: str) -> str | None:
    """Return a natural person's number of another country, with that; None: there is none in it."""
    compact = clean(text, " .-/").strip().upper()
    if scheme == "vat":
        country, number = compact[:2], compact[2:]
    elif scheme in {"foreign", PERSON_ABROAD, "peppol"}:
        place, _, number = compact.partition(":")
        country = registers.PEPPOL_PERSONS.get(place, "") if scheme == "peppol" else place
        number = number.removeprefix(country)
    else:
        return None
    known = registers.PERSONS.get(country)
    found = known and known[0].fullmatch(number) and known[1].is_valid(number)
    return f"{country}:{number}" if found else None


def _person_in(scheme: str, text: str) -> str | None:
    compact = clean(text, " .").strip().upper()
    if scheme == "peppol" and compact.startswith(_PEPPOL_VAT):
        scheme, compact = "vat", compact.removeprefix(_PEPPOL_VAT)
    if scheme == "vat":
        found = re.fullmatch(r"SE([0-9]{6})-?([0-9]{4})-?01", compact)
        compact = f"{found[1]}{found[2]}" if found else ""
    elif scheme == "peppol":
        compact = compact.removeprefix("0007:") if compact.startswith("0007:") else ""
    elif scheme == "foreign":
        compact = compact.removeprefix("SE:") if compact.startswith("SE:") else ""
    elif scheme not in {"orgnr", PERSON}:
        return None
    return person(compact)


class Identifier(fields.String):
    """A number of one scheme: (the scheme that it is kept under, its compact form), one text once kept."""

    def __init__(self, scheme: str, **kwargs: Any) -> None:
        """Name the scheme."""
        super().__init__(**kwargs)
        self.scheme = scheme

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > LONGEST_TEXT:
            raise ValidationError(f"Must have at most {LONGEST_TEXT} characters.")
        return read_number(self.scheme, text)


class _Identifiers(Schema):
    """A supplier's numbers by scheme; a natural person's is found and kept as `personnr`."""

    @post_load
    def _kept(self, data: dict[str, tuple[str, str]], **_: Any) -> dict[str, str]:
        return by_scheme(data)


def by_scheme(read: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return numbers by the scheme that each is kept under; raises ValidationError for two persons'."""
    kept: dict[str, str] = {}
    for given, (scheme, number) in read.items():
        if kept.setdefault(scheme, number) != number:
            raise ValidationError("Is another person's number than the others.", given)
    return kept


Identifiers: type[Schema] = _Identifiers.from_dict(
    {scheme: Identifier(scheme, metadata={"personal": its.masked}) for scheme, its in SCHEMES.items()},
    name="Identifiers",
)
IdentifiersView: type[Schema] = Schema.from_dict(
    {scheme: fields.String(metadata={"personal": its.masked, **OPTIONAL}) for scheme, its in SCHEMES.items()},
    name="IdentifiersView",
)
# The numbers of suppliers that were absorbed, where the survivor has another of the scheme
FormerIdentifiers: type[Schema] = Schema.from_dict(
    {
        scheme: fields.List(fields.String(metadata={"personal": its.masked}), metadata=OPTIONAL)
        for scheme, its in SCHEMES.items()
    },
    name="FormerIdentifiers",
)
