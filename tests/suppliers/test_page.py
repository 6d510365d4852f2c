"""The page of a supplier's risk: everything that JSON tells, as a person reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chassis import shields
from chassis.http import Call
from services.assessments.domain.case import RECOMMENDATIONS
from services.suppliers import domain, pages, schemas, usecases
from services.suppliers.domain import text
from services.suppliers.domain.text import Pen, Told
from tests.callers import OFFICE, WHATEVER, caller
from tests.suppliers import builders
from tests.suppliers.bodies import GLOVES, NOW, SUPPLIER, loaded, put_gloves, register, supplier
from tests.suppliers.builders import RULES, audit, deviation, grid, inputs, judgement, shown
from tests.suppliers.steps import LATER, assess, registered

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction


def page(
    tx: Transaction, supplier_id: UUID, lang: str | None = "sv", actor: Identity = OFFICE, reads: Any = ()
) -> str:
    call = Call(query={"lang": lang}, now=NOW, actor=actor, languages=reads, page=True, correlation_id="a")
    return usecases.page.get_risk_page(tx, supplier_id, call).text


def read(html: str) -> str:
    """What a person reads: the text, in one line."""
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", shown.replace("&#39;", "'"))


class Outline(HTMLParser):
    """Headings, ids and what labels what."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [each for each in self.tags if each[0] in tags]


def test_the_arithmetic_stands_in_swedish(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    told = read(page(tx, supplier_id))
    for part in (
        "Risk: Exempelleverantör 017 AB",
        "Högst risk: 48 av 100, medel (Handskar)",
        "Förra resultatet 72,3, hög",
        "Grundas på granskat",
        "0,5 × 58,03 + 0,5 × 58,03 ≈ 58,03",  # the country: one, so that the worst is the mean
        "4 × 5 × 4 = 80",
        "0,5 × 58,03 + 0,5 × 80 ≈ 69,02",
        "69,02 × (1 − 0,6 × 0,56) ≈ 45,83",
        f"({' + '.join(['0,7 × 0,8'] * 7)}) / 7 = 0,56",
        "0,5 × 56,44 + 0,5 × (45,83 + 56,44 + 29,38 + 26,89) / 4 ≈ 48",
        "Inget saknas för beräkningen.",
        "80 granskat, tilltro 0,7",
        "Regelverk 2026-1",
        "CPI 2025",
        "Kina 58,03 90 64,5 57",
        "Gäller till och med 2027-11-21",
    ):
        assert part in told


def test_the_arithmetic_stands_in_english_and_with_a_point(tx: Transaction) -> None:
    told = read(page(tx, registered(tx), "en"))
    for part in (
        "Highest risk: 72.3 of 100, high (Gloves)",
        "0.5 × 85 + 0.5 × (69.02 + 85 + 44.25 + 40.5) / 4 ≈ 72.3",
        "This is the first result.",
        "Nothing is known yet: the supplier has answered no self-assessment",
    ):
        assert part in told


def test_the_reader_s_language_decides_and_swedish_is_for_all_others(tx: Transaction) -> None:
    supplier_id = registered(tx)
    shown = {reads: page(tx, supplier_id, None, reads=reads) for reads in (("de", "en"), ("de",), ())}
    assert ['<html lang="en">' in html for html in shown.values()] == [True, False, False]
    assert '<html lang="sv">' in page(tx, supplier_id, "sv", reads=("en",))


@pytest.mark.parametrize(
    ("lang", "words", "unknown"),
    [("sv", "ingen uppgift", "inget känt"), ("en", "no data", "nothing known")],
)
def test_no_data_is_said_in_words_and_never_looks_like_a_number(
    tx: Transaction, lang: str, words: str, unknown: str
) -> None:
    put_gloves(tx, analysis=[None] * 4)
    supplier_id = register(tx, supplier(sites=[]))["supplier_id"]
    html = page(tx, supplier_id, lang)
    assert f'<p class="result missing">{words}</p>' in html
    assert "None" not in html
    assert html.count('class="fill"') == 0
    [terms] = re.findall(r"<tbody>(<tr>.*?)</tbody>", html, re.DOTALL)[:1]
    numbers = re.findall(r'<td class="number">([^<]*)</td>', terms)
    # country, category, inherent, the supplier's work and residual of four areas
    assert numbers == [words, words, words, unknown, words] * 4


def test_a_supplier_s_name_is_text_whatever_stands_in_it(tx: Transaction) -> None:
    supplier_id = registered(tx, legal_name="<script>alert(1)</script> & Co")
    html = page(tx, supplier_id)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in html


def test_who_has_no_part_in_the_cases_is_shown_none_of_them(tx: Transaction) -> None:
    told = read(page(tx, registered(tx), actor=caller("region", region="12")))
    assert "Det finns inga fall att visa" in told
    assert "72,3" not in told


def test_the_page_can_be_navigated_and_runs_nothing(tx: Transaction, received: Any) -> None:
    [contract] = SUPPLIER["contracts"]
    put_gloves(tx)
    yarn = {"names": {"sv": "Garn", "en": "Yarn"}}
    body = loaded(schemas.NewCategory, GLOVES | yarn)
    usecases.categories.put_category(tx, "main", body, WHATEVER)  # an id of the page's own
    supplier_id = registered(tx, contracts=[contract, contract | {"category_id": "main"}])
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    html = page(tx, supplier_id)
    seen = Outline(html)
    levels = [int(tag[1]) for tag, _ in seen.named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in seen.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    targets = [str(attrs["href"]) for _, attrs in seen.named("a")]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    assert all(attrs.get("scope") for _, attrs in seen.named("th"))
    labels = [attrs["aria-label"] for _, attrs in seen.tags if attrs.get("role") == "region"]
    assert len(labels) == len(set(labels))
    assert seen.named("script", "iframe", "form", "img") == []
    assert not any("style" in attrs or any(name.startswith("on") for name in attrs) for _, attrs in seen.tags)
    assert "script-src 'none'" in shields.policy(html)
    bars = html.count('class="fill"')
    assert bars == 8  # each area of both cases, and the table beside says the same
    assert html.count("<caption>") == 2
    assert len(html) < 40_000


FACTS: list[dict[str, Any]] = [
    inputs(),
    inputs({"CN": builders.CHINA, "QA": builders.QA}),
    inputs(analysis=builders.NO_ANALYSIS),
    inputs({}),
    inputs({}, analysis=builders.NO_ANALYSIS),
    inputs(
        {}, analysis=builders.NO_ANALYSIS, deviations=[deviation("environment", severe=True, overdue=True)]
    ),
    inputs(analysis=[builders.analysed(1, 5), *builders.GLOVES[1:]]),
    inputs(analysis=[builders.analysed(4, 4, "2020-01-01")] * 4),
    inputs(judgement=judgement("80", "60")),
    inputs(judgement=judgement("80"), audits=[audit("35")]),
    inputs(deviations=[deviation("environment", "workers_rights", overdue=True), deviation("environment")]),
    inputs(deviations=[deviation("workers_rights", overdue=True) for _ in range(4)]),
    inputs(deviations=[deviation(severe=True)]),
    inputs(deviations=[deviation("business_ethics", severe=True)]),
    inputs(judgement=judgement(None) | {"claimed": [["50", None, None, "7"], *grid(None)[1:]]}),
]


def evaluated(line: text.Line) -> Decimal:
    """What a person gets who does the sum; what stands after the equals sign is left out."""
    left = re.split(r" [=≈] ", line.sum)[0]
    decimals = re.sub(r"\d+(\.\d+)?", lambda found: f"Decimal('{found[0]}')", left)
    with localcontext(prec=28, rounding=ROUND_HALF_EVEN):
        return Decimal(eval(decimals.replace("×", "*").replace("−", "-"), {"Decimal": Decimal}))  # noqa: S307


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("days", [0, 200])
def test_who_does_the_sums_gets_what_is_shown(facts: dict[str, Any], days: int) -> None:
    moment = builders.NOW + timedelta(days=days)
    scored = builders.scored(facts, moment)
    told = Told(domain.parse_facts(facts), RULES, scored.areas, shown(facts, moment), Pen("."))
    lines = [line for area in domain.AREAS for line in text.area_lines(told, area)]
    lines.append(text.total_line(told, scored.score))
    for line in lines:
        remarks = set(line.remarks)
        if line.value is None:
            assert (line.sum, bool(line.remarks)) == ("", True)
        elif line.sum and not remarks & {"severity_floor", "capped", "severe_floor"}:
            # operands are rounded: up to four of them, weighed
            assert abs(evaluated(line) - line.value) <= Decimal("0.06"), line
            if " = " in line.sum:
                assert evaluated(line) == line.value
        assert all(set(pages.words(lang)["remarks"]) >= remarks for lang in pages.LANGUAGES)
    assert {line.term for line in lines} == set(pages.words("sv")["terms"])


def test_floors_and_limits_are_said(tx: Transaction) -> None:
    def remarks(facts: dict[str, Any], area: str) -> list[str]:
        scored = builders.scored(facts)
        told = Told(domain.parse_facts(facts), RULES, scored.areas, shown(facts), Pen("."))
        return [code for line in text.area_lines(told, area) for code in line.remarks]

    low = inputs({"QA": builders.QA}, analysis=[builders.analysed(1, 5), *builders.GLOVES[1:]])
    assert remarks(low, "human_rights") == ["severity_floor", "nothing_known"]
    many = inputs(deviations=[deviation("workers_rights", overdue=True) for _ in range(4)])
    assert remarks(many, "workers_rights") == ["nothing_known", "capped"]
    severe = inputs(deviations=[deviation("business_ethics", severe=True)])
    assert remarks(severe, "business_ethics") == ["nothing_known", "severe_floor"]
    assert remarks(inputs({}), "human_rights") == ["no_site", "only_category", "nothing_known"]
    expired = inputs(analysis=[builders.analysed(4, 4, "2020-01-01")] * 4)
    assert remarks(expired, "human_rights") == ["analysis_expired", "only_country", "nothing_known"]


def keys(words: Any, at: str = "") -> set[str]:
    if not isinstance(words, dict):
        return {at}
    return {key for name, below in words.items() for key in keys(below, f"{at}/{name}")}


def test_both_languages_say_everything() -> None:
    assert keys(pages.words("sv")) == keys(pages.words("en"))
    assert set(pages.words("sv")["bands"]) == {*domain.BANDS, domain.NO_DATA}
    assert set(pages.words("sv")["areas"]) == set(domain.AREAS)
    assert set(pages.words("sv")["recommendations"]) == set(RECOMMENDATIONS)
