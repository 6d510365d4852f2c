"""The risk score against sums worked out by hand."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from decimal import Decimal

import pytest

from services.suppliers.domain import AREAS, Area, Score, band, differences, parse_facts, score
from services.suppliers.domain.work import Work
from tests.suppliers.builders import (
    CHINA,
    NO_ANALYSIS,
    NOW,
    QA,
    RULE_FILE,
    RULES,
    analysed,
    audit,
    day,
    deviation,
    inputs,
    judgement,
    scored,
)

D = Decimal  # rows of terms are read as a table
NO_TERMS = Area(None, None, None, partial=False, mitigation=Decimal(0), residual=None)


def test_every_term_of_a_case_without_any_assessment() -> None:
    # inherent: (58.0315+80)/2 = 69.01575 | (90+80)/2 = 85 | (64.5+24)/2 = 44.25 | (57+24)/2 = 40.5
    # max 85, mean 238.76575/4 = 59.6914375; 42.5 + 29.84571875 = 72.34571875
    assert scored(inputs()) == Score(
        score=Decimal("72.3"),
        band="high",
        areas={
            "human_rights": Area(D("58.0315"), D(80), D("69.01575"), False, D(0), D("69.01575")),
            "workers_rights": Area(D(90), D(80), D(85), False, D(0), D(85)),
            "environment": Area(D("64.5"), D(24), D("44.25"), False, D(0), D("44.25")),
            "business_ethics": Area(D(57), D(24), D("40.5"), False, D(0), D("40.5")),
        },
        work=Work(),
        confidence=(),
        no_data_areas=(),
        site_known=True,
    )


def test_what_makes_the_difference_between_two_rule_sets_is_named() -> None:
    # human rights, inherent: 0.8 * 58.0315 + 0.2 * 80 = 62.4252 instead of 69.01575; the others likewise
    one, other = RULES, replace(RULES, inherent_country=D("0.8"), inherent_category=D("0.2"), score_step=D(1))
    facts = parse_facts(inputs())
    found = differences(score(facts, one, NOW), score(facts, other, NOW), one, other)
    assert found["human_rights"] == {
        "before": D("69.01575"),
        "after": D("62.4252"),
        "terms": ["inherent", "residual"],
    }
    assert found["score"]["terms"] == ["step"]
    assert differences(score(facts, one, NOW), score(facts, one, NOW), one, one) == {}


TABLE = {
    # mitigation 0.4*0.80 = 0.32, left 1-0.6*0.32 = 0.808: 55.764726 68.68 35.754 32.724
    # 34.34 + 192.922726/8 = 58.45534075
    "claims of 80, new": (inputs(judgement=judgement("80")), NOW, "58.5", "medium"),
    # half the confidence: 0.16, left 0.904: 62.390238 76.84 40.002 36.612; 38.42 + 215.844238/8 = 65.40052975
    "claims of 80, on the last day": (inputs(judgement=judgement("80")), day(365), "65.4", "high"),
    "claims of 80, a day later": (inputs(judgement=judgement("80")), day(366), "72.3", "high"),
    # mitigation 0.7*0.80 = 0.56, left 0.664: 45.826458 56.44 29.382 26.892
    # 28.22 + 158.540458/8 = 48.03755725
    "judged 80": (inputs(judgement=judgement("100", "80")), NOW, "48.0", "medium"),
    # mitigation 1*0.80, left 0.52: 35.88819 44.2 23.01 21.06; 22.1 + 124.15819/8 = 37.61977375
    "audited 80": (inputs(judgement=judgement("100", "90"), audits=[audit("80")]), NOW, "37.6", "low"),
    # one deviation in environment: 69.01575 85 54.25 40.5; 42.5 + 248.76575/8 = 73.59571875
    "an open deviation": (inputs(deviations=[deviation("environment")]), NOW, "73.6", "high"),
    # 20 points: 69.01575 85 64.25 40.5; 42.5 + 258.76575/8 = 74.84571875
    "an overdue one": (inputs(deviations=[deviation("environment", overdue=True)]), NOW, "74.8", "high"),
    # two areas of one deviation: 69.01575 85 54.25 50.5; 42.5 + 258.76575/8 = 74.84571875
    "in two areas": (inputs(deviations=[deviation("environment", "business_ethics")]), NOW, "74.8", "high"),
    "without an area": (inputs(deviations=[deviation()]), NOW, "72.3", "high"),
    # min(100, 85+20) = 100; 69.01575 100 44.25 40.5; 50 + 253.76575/8 = 81.72071875
    "never above 100": (inputs(deviations=[deviation("workers_rights")] * 2), NOW, "81.7", "very_high"),
    # severe: floor 85 under environment (54.25): 69.01575 85 85 40.5; 42.5 + 279.51575/8 = 77.43946875
    "a severe one": (inputs(deviations=[deviation("environment", severe=True)]), NOW, "77.4", "high"),
    # no area to lift: the floor goes under the whole score
    "severe without an area": (inputs(deviations=[deviation(severe=True)]), NOW, "85.0", "very_high"),
    # China and QA: worst 58.0315 90 64.5 57, mean 49.01575 60 42.25 33.5 -> 53.523625 75 53.375 45.25
    # inherent 66.7618125 77.5 38.6875 34.625; 38.75 + 217.5743125/8 = 65.9467890625
    "two countries": (inputs({"CN": CHINA, "QA": QA}), NOW, "65.9", "high"),
    # category alone: 80 80 24 24; 40 + 208/8 = 66
    "no site": (inputs({}), NOW, "66.0", "high"),
    # country alone: 58.0315 90 64.5 57; 45 + 269.5315/8 = 78.6914375
    "no analysis": (inputs(analysis=NO_ANALYSIS), NOW, "78.7", "high"),
    "nothing at all": (inputs({}, analysis=NO_ANALYSIS), NOW, None, "no_data"),
    "only an open deviation": (
        inputs({}, analysis=NO_ANALYSIS, deviations=[deviation("environment")]),
        NOW,
        None,
        "no_data",
    ),
    # a severe one where nothing is inherent: score = max (85), not a mean
    "only a severe one": (
        inputs({}, analysis=NO_ANALYSIS, deviations=[deviation("environment", severe=True)]),
        NOW,
        "85.0",
        "very_high",
    ),
    # environment inherent 20 (1*5*4) lifted to 60; alone: 0.5*60 + 0.5*60
    "severity 5 outranks likelihood": (
        inputs({}, analysis=[None, None, analysed(1, 5), None]),
        NOW,
        "60.0",
        "high",
    ),
    # inherent only in environment (24); human rights has one deviation, no inherent: 10 is less than 24
    "a deviation beside the mean": (
        inputs({}, analysis=[None, None, analysed(2, 3), None], deviations=[deviation("human_rights")]),
        NOW,
        "24.0",
        "low",
    ),
    # four deviations there: residual 40 is the maximum, and not in the mean: 0.5*40 + 0.5*24 = 32
    "but in the maximum": (
        inputs({}, analysis=[None, None, analysed(2, 3), None], deviations=[deviation("human_rights")] * 4),
        NOW,
        "32.0",
        "low",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_score_follows_the_sum_made_by_hand(name: str) -> None:
    facts, as_of, expected, expected_band = TABLE[name]
    result = scored(facts, as_of)
    assert (result.score, result.band) == (expected and Decimal(expected), expected_band)


@pytest.mark.parametrize(
    ("value", "expected", "expected_band"),
    [
        ("57.75", "42.3", "medium"),  # 42.25: half up, where half even would say 42.2
        ("80.06", "19.9", "very_low"),  # 19.94
        ("80.05", "20.0", "low"),  # 19.95: the band is that of the rounded score
        ("60.05", "40.0", "medium"),
        ("40.05", "60.0", "high"),
        ("20.05", "80.0", "very_high"),
        ("100", "0.0", "very_low"),
        ("0", "100.0", "very_high"),
    ],
)
def test_a_score_is_rounded_half_up_at_the_end_and_its_band_taken_then(
    value: str, expected: str, expected_band: str
) -> None:
    result = scored(inputs({"CN": {"EPI": value}}, analysis=NO_ANALYSIS))
    assert (result.score, result.band) == (Decimal(expected), expected_band)
    assert result.no_data_areas == ("human_rights", "workers_rights", "business_ethics")


def test_no_band_has_a_gap_to_the_next() -> None:
    limits = ["19.9", "20.0", "39.9", "40.0", "59.9", "60.0", "79.9", "80.0", "100.0"]
    assert [band(Decimal(limit), RULES) for limit in limits] == [
        "very_low",
        "low",
        "low",
        "medium",
        "medium",
        "high",
        "high",
        "very_high",
        "very_high",
    ]


def test_an_area_known_by_its_country_alone_is_partial() -> None:
    result = scored(inputs({"CN": {"EPI": "35.5"}}, analysis=NO_ANALYSIS))
    only = Area(D("64.5"), None, D("64.5"), partial=True, mitigation=D(0), residual=D("64.5"))
    assert result.areas == {**dict.fromkeys(AREAS, NO_TERMS), "environment": only}


def test_an_area_known_by_its_category_alone_is_partial() -> None:
    result = scored(inputs({}, analysis=[None, None, None, analysed(3, 2)]))
    only = Area(None, D(24), D(24), partial=True, mitigation=D(0), residual=D(24))
    assert result.areas == {**dict.fromkeys(AREAS, NO_TERMS), "business_ethics": only}


def test_human_rights_need_all_six_governance_ranks() -> None:
    five = {name: value for name, value in CHINA.items() if name != "WGI_VA_PCTRANK"}
    result = scored(inputs({"CN": five}))
    assert result.areas["human_rights"] == Area(None, D(80), D(80), True, D(0), D(80))


def test_a_country_without_a_value_is_left_out_of_that_area_only() -> None:
    result = scored(inputs({"CN": CHINA, "QA": {"CPI": "90"}}))
    # in ethics both countries count: 28.5 + 16.75 (half of 57, half of the mean 33.5)
    assert [result.areas[area].country for area in AREAS] == [D("58.0315"), D(90), D("64.5"), D("45.25")]


def test_a_country_counts_once_however_many_sites_it_has() -> None:
    facts = inputs({"CN": CHINA, "QA": QA})
    more = facts | {"sites": [*facts["sites"], {"tier": 1, "country": "QA"}, {"tier": 1, "country": "QA"}]}
    assert scored(more) == scored(facts)


def test_sites_beyond_the_first_tier_do_not_count_and_are_not_known_sites() -> None:
    facts = inputs({"CN": CHINA}, sites=[{"tier": 2, "country": "CN"}])
    result = scored(facts)
    assert (result.score, result.site_known) == (Decimal("66.0"), False)


@pytest.mark.parametrize(
    ("rating", "risk"), [("1", 10), ("2", 30), ("3", 50), ("4", 70), ("5", 90), ("6", 95)]
)
def test_a_rights_rating_is_converted_and_five_plus_is_worst(rating: str, risk: int) -> None:
    result = scored(inputs({"CN": {"ITUC_GRI": rating}}))
    assert result.areas["workers_rights"].country == risk


def test_the_category_analysis_counts_on_its_last_day_and_not_after() -> None:
    facts = inputs({}, analysis=[None, None, None, analysed(3, 5, "2026-01-01")])
    assert scored(facts, day(0)).score == Decimal("60.0")
    assert scored(facts, day(1)).band == "no_data"


def test_five_plus_is_read_as_six_and_nonsense_is_refused() -> None:
    ituc, cpi = RULES.indices["ITUC_GRI"], RULES.indices["CPI"]
    assert [ituc.read("5+"), ituc.read(3), cpi.read("82.0"), cpi.read(82.1)] == [
        D(6),
        D(3),
        D("82.0"),
        D("82.1"),
    ]
    for index, value in [
        (ituc, "3.5"),
        (ituc, "7"),
        (cpi, "100.1"),
        (cpi, "NaN"),
        (cpi, None),
        (cpi, "many"),
    ]:
        with pytest.raises(ValueError, match="Must be"):
            index.read(value)


def test_flags_are_counted_and_carried() -> None:
    facts = inputs(
        judgement=judgement("0", "0", critical=["Q101", "Q207"], recommendation="office_audit"),
        deviations=[deviation("environment", severe=True), deviation(severe=True), deviation("environment")],
    )
    result = scored(facts)
    assert (result.critical_open, result.severe_open, result.stage, result.recommendation) == (
        2,
        2,
        "reviewed",
        "office_audit",
    )


def test_a_rule_set_that_has_been_used_never_changes() -> None:
    """Stored scores name it. To change a value, write a new file beside it; do not repair this digest."""
    digest = hashlib.sha256(repr(tomllib.loads(RULE_FILE.read_text())).encode()).hexdigest()
    assert (RULES.name, digest[:16]) == ("2026-1", "4b73e4db3a5bd123")
