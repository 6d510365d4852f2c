"""What the peer takes, in pydantic, by the same rules as services/suppliers/schemas."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

import stdnum.ean
import stdnum.eu.vat
import stdnum.lei
import stdnum.se.orgnr
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from stdnum.exceptions import ValidationError as NumberError

from services.suppliers import reference

Language = Literal["sv", "en"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}$",
    ),
]


def _country(code: str) -> str:
    if code not in reference.COUNTRIES:
        raise ValueError("Must be an ISO 3166-1 alpha-2 country code.")
    return code


def _distinct(values: list[str]) -> list[str]:
    if any(count > 1 for count in Counter(values).values()):
        raise ValueError("Must not repeat a value.")
    return values


def _number(module: Any, length: int | None = None) -> AfterValidator:
    def check(text: str) -> str:
        try:
            number = str(module.validate(text))
        except NumberError as fault:
            raise ValueError(str(fault)) from None
        if length and len(number) != length:
            raise ValueError(f"Must have {length} characters.")
        return number

    return AfterValidator(check)


Country = Annotated[str, AfterValidator(_country)]


class Given(BaseModel):
    """What callers send: no member that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class Identifiers(Given):
    """Numbers by scheme."""

    orgnr: Annotated[str | None, _number(stdnum.se.orgnr)] = None
    vat: Annotated[str | None, _number(stdnum.eu.vat)] = None
    lei: Annotated[str | None, _number(stdnum.lei, 20)] = None
    gln: Annotated[str | None, _number(stdnum.ean, 13)] = None


class Contact(Given):
    """A person at the supplier."""

    name: Name
    email: Email
    language: Language
    role: Text


class Site(Given):
    """A production site."""

    name: Name
    operator: Name | None = None
    tier: Annotated[int, Field(strict=True, ge=0, le=9)]
    country: Country
    address: Name | None = None
    products: list[Text] = []
    category_ids: Annotated[list[Slug], AfterValidator(_distinct)]


class NewSupplier(Given):
    """A supplier to register."""

    legal_name: Name
    country: Country
    language: Language
    identifiers: Identifiers = Identifiers()
    contacts: list[Contact] = []
    sites: list[Site] = []
