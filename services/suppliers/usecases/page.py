"""The page of a supplier's risk: the same scores as in JSON, as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.http import Html
from services.suppliers import domain, pages, reference, repository
from services.suppliers.domain import text
from services.suppliers.usecases import risk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call
    from services.suppliers.domain.text import Told

_MISSING = ("no_site", "no_country_value", "no_analysis", "analysis_expired")


def get_risk_page(tx: Transaction, supplier_id: UUID, call: Call) -> Html:
    """Return the page of a supplier's cases within the caller's reach, with every term of each."""
    shown = risk.get_risk(tx, supplier_id, call.actor)
    supplier = repository.registry.supplier(tx, shown["supplier_id"])
    lang = pages.language(call.query["lang"], call.languages)
    cases = [_case(tx, row, lang) for row in shown["cases"]]
    worst = shown["headline"] and shown["headline"].category_id
    headline = next((case for case in cases if case["category_id"] == worst), None)
    name = supplier["legal_name"] if supplier else ""
    return Html(pages.risk(lang, name=name, cases=cases, headline=headline, areas=domain.AREAS))


def _case(tx: Transaction, row: Any, lang: str) -> dict[str, Any]:
    """Return a case as the template shows it; row: as the repository gives a present score."""
    told = _told(tx, row, lang)
    lines = {area: text.area_lines(told, area) for area in domain.AREAS}
    category = repository.categories.category(tx, row.category_id)
    names = (
        "category_id",
        "score",
        "band",
        "previous_score",
        "previous_band",
        "as_of",
        "stage",
        "claim_gap",
        "critical_open",
        "severe_open",
        "not_cooperating",
        "recommendation",
        "rule_set",
        "causes",
    )
    return {
        **{name: getattr(row, name) for name in names},
        "name": category["names"][lang] if category else row.category_id,
        "areas": told.areas,
        "lines": lines,
        "unknown": [area for area in domain.AREAS if "nothing_known" in _remarks(lines[area])],
        "assessed": row.inputs["judgement"] is not None,
        "total": text.total_line(told, row.score),
        "missing": _missing(lines),
        "countries": [(_country(code, lang), risks) for code, risks in text.country_risks(told)],
        "analysis": row.inputs["analysis"],
        "cells": told.cells,
        "deviations": told.facts.deviations,
        "datasets": [
            (*each, (row.dataset_versions or {}).get(each[0])) for each in sorted(row.datasets.items())
        ],
        "validity": _validity(row.inputs),
    }


def _told(tx: Transaction, row: Any, lang: str) -> Told:
    return text.Told(
        facts=domain.parse_facts(row.inputs),
        rules=repository.rule_sets.named(tx, row.rule_set),
        areas={area: text.stored_area(row.areas[area]) for area in domain.AREAS},
        cells=row.cells,
        pen=pages.pen(lang),
    )


def _country(code: str, lang: str) -> str:
    known = reference.BY_ISO2.get(code)
    return getattr(known, lang) if known else code


def _missing(lines: Mapping[str, Sequence[text.Line]]) -> list[tuple[str, list[str]]]:
    """Return by area what there is no data of, as the codes of remarks."""
    found = [(area, [code for code in _remarks(its) if code in _MISSING]) for area, its in lines.items()]
    return [(area, codes) for area, codes in found if codes]


def _remarks(lines: Sequence[text.Line]) -> list[str]:
    return [code for each in lines for code in each.remarks]


def _validity(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return until when what is known of the supplier's work is valid, by kind."""
    judgement = inputs["judgement"]
    known = [("assessment", judgement["valid_until"])] if judgement else []
    known += [("audit", audit["valid_until"]) for audit in inputs["audits"]]
    return [(kind, until[:10]) for kind, until in known]
