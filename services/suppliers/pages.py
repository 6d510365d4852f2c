"""Pages for people: templates and their words in the languages that they can be read in."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.text import Pen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jinja2

_HERE = Path(__file__).with_name("page")
LANGUAGES = ("sv", "en")  # the first, where nobody has asked for one of them


def language(asked: str | None, preferred: Sequence[str]) -> str:
    """Return the language to write in: the one that is asked for, else the best that the reader prefers."""
    return asked or next((each for each in preferred if each in LANGUAGES), LANGUAGES[0])


@cache
def words(lang: str) -> dict[str, Any]:
    """Return what the page of risk says in a language."""
    whole = tomllib.loads((_HERE / "risk.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = whole[lang]
    return found


def pen(lang: str) -> Pen:
    """Return what writes numbers in a language."""
    return Pen(words(lang)["point"])


def risk(lang: str, **shown: Any) -> str:
    """Return the page of a supplier's risk; whatever is shown is escaped."""
    return _template(lang).render(lang=lang, words=words(lang), **shown)


@cache
def _template(lang: str) -> jinja2.Template:
    import jinja2  # noqa: PLC0415  2 MB, which the service takes only when somebody reads a page

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = lambda value: _number(lang, value)
    environment.filters["share"] = lambda value: pen(lang).share(Decimal(str(value)))
    environment.filters["plain"] = lambda value: format(Decimal(str(value)), "f")
    return environment.from_string((_HERE / "risk.html").read_text(encoding="utf-8"))


def _number(lang: str, value: Decimal | int | None) -> str:
    """Write a number; where there is none, say so in words."""
    return str(words(lang)["no_data"]) if value is None else pen(lang).number(Decimal(str(value)))
