"""The page of a supplier's risk: what it tells beside the score, and what it says where nothing is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from chassis.ids import uuid7
from services.suppliers import pages, usecases
from services.suppliers.events import DeviationRaised
from tests.suppliers.steps import LATER, assess, registered
from tests.suppliers.test_findings import deviation, reported
from tests.suppliers.test_page import page, read

if TYPE_CHECKING:
    from chassis.db import Transaction

# What is told beside the score, in both languages: of a case that is known well, and of one that is not
FLAGS = {
    "sv": {
        "Svaren jämfört med revision": (
            "59,5 poäng högre",
            "ingen uppgift: det krävs både svar och revision",
        ),
        "Öppna kritiska svar": ("2", "ingen självskattning ännu"),
        "Öppna allvarliga avvikelser": ("1", "inga"),
        "Samarbetar inte": ("ja", "inget är rapporterat"),
        "Kansliets rekommendation": ("kontorsrevision", "ingen självskattning ännu"),
    },
    "en": {
        "Answers compared with audits": ("59.5 points higher", "no data: it takes both answers and an audit"),
        "Open critical answers": ("2", "no self-assessment yet"),
        "Open severe deviations": ("1", "none"),
        "Not cooperating": ("yes", "nothing is reported"),
        "The office's recommendation": ("office audit", "no self-assessment yet"),
    },
}


def told_of(html: str) -> dict[str, str]:
    """What a page's first list of descriptions says."""
    [first, *_] = re.findall(r"<dl>(.*?)</dl>", html, re.DOTALL)
    return {read(name): read(value) for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", first)}


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_what_json_tells_beside_the_score_stands_there_in_words(
    tx: Transaction, received: Any, lang: str
) -> None:
    supplier_id = registered(tx)
    unknown = {name: said for name, (_, said) in FLAGS[lang].items()}
    assert told_of(page(tx, supplier_id, lang)).items() >= unknown.items()
    state = {"state": "not_cooperating", "critical": ["A1", "A2"], "recommendation": "office_audit"}
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, **state)], LATER)
    found = [
        reported(received, supplier_id, "20.5"),
        deviation(received, DeviationRaised, supplier_id, uuid7(), 1, severe=True),
    ]
    usecases.scoring.rescore_after_findings(tx, found, LATER)
    known = {name: said for name, (said, _) in FLAGS[lang].items()}
    assert told_of(page(tx, supplier_id, lang)).items() >= known.items()


@pytest.mark.parametrize(("audited", "said"), [("80", "equal"), ("95", "15 points lower")])
def test_an_answered_assessment_without_anything_open_says_none(
    tx: Transaction, received: Any, audited: str, said: str
) -> None:
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    usecases.scoring.rescore_after_findings(tx, [reported(received, supplier_id, audited)], LATER)
    told = told_of(page(tx, supplier_id, "en"))
    assert told["Answers compared with audits"] == said
    assert told["Open critical answers"] == told["Open severe deviations"] == "none"
    assert told["The office's recommendation"] == "none"


def test_the_work_of_a_supplier_that_is_known_to_do_nothing_is_the_number_0(
    tx: Transaction, received: Any
) -> None:
    supplier_id, nothing = registered(tx), [[0.0] * 4] * 7
    answered = assess(supplier_id, received, claimed=nothing, judged=nothing)
    usecases.scoring.rescore_after_assessment(tx, [answered], LATER)
    assert '<td class="number">0</td>' in page(tx, supplier_id)
    assert "inget känt" not in page(tx, supplier_id)
