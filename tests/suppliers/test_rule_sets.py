"""Rule sets that are brought in: every fault is named, and what is kept can be computed with."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from marshmallow import ValidationError

from chassis import sql
from chassis.errors import Conflict, Invalid
from chassis.http.pointers import pointers
from chassis.loading import loader
from services.suppliers import repository, rulebook, schemas, usecases
from services.suppliers.domain import parse_facts, score
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW, import_index
from tests.suppliers.builders import NOW as THEN
from tests.suppliers.builders import inputs
from tests.suppliers.steps import LATER
from tests.suppliers.test_waves import several, stricter, waves, worked_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.db import Transaction

WEIGHTS = {
    "/country/mean": ("country", "worst", 0.6),
    "/inherent/category": ("inherent", "country", 0.4),
    "/score/mean": ("score", "max", 0.4),
}


def content(*path: str, value: Any) -> dict[str, Any]:
    """The packaged rule set with one value in another form."""
    whole: dict[str, Any] = sql.loads(sql.document(rulebook.rule_file("2026-1")))
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return whole


def faults(body: dict[str, Any]) -> dict[str, str]:
    """What the API says of a rule set, by pointer."""
    loads = loader(schemas.rule_sets.NewRuleSet)
    try:
        rulebook.checked_new_rules("2027-checked", loads.load(copy.deepcopy(body)))
    except ValidationError as fault:
        return pointers(fault.messages, "", loads, body)
    return {}


def test_the_packaged_rule_set_and_the_example_have_no_fault() -> None:
    assert faults(content("decay", "left_at_end", value=Decimal("0.4"))) == {}
    assert faults(schemas.rule_sets.NewRuleSet.example) == {}


@pytest.mark.parametrize(("at", "change"), WEIGHTS.items())
def test_weights_make_one_whole(at: str, change: tuple[str, str, float]) -> None:
    group, name, value = change
    assert list(faults(content(group, name, value=value))) == [at]


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (("bands", "medium"), 40, "/bands/medium"),
        (("bands", "very_high"), 100, "/bands/very_high"),
        (("country", "areas", "environment"), ["EPI", "ABC"], "/country/areas/environment"),
        (("country", "areas", "environment"), [], "/country/areas/environment"),
        (("country", "indices", "ABC"), {"low": 0, "high": 100}, "/country/indices/ABC"),
        (("inherent", "severity_floors"), {"": 60}, "/inherent/severity_floors/"),
        (("inherent", "severity_floors"), {"12": 60}, "/inherent/severity_floors/12"),
        (("inherent", "severity_floors"), {"6": 60}, "/inherent/severity_floors/6"),
        (("confidence", "reviewed"), 1.1, "/confidence/reviewed"),
        (("score", "step"), 10, "/score/step"),
        (("score", "step"), 0.5, "/score/step"),
        (("site", "tiers"), [2], "/site/tiers/0"),
        (("residual", "per_overdue"), -1, "/residual/per_overdue"),
    ],
)
def test_a_fault_is_named_where_it_is(path: tuple[str, ...], value: Any, at: str) -> None:
    assert list(faults(content(*path, value=value))) == [at]


RATINGS = {"1": 90, "2": 70, "3": 50, "4": 30, "5": 10, "6": 5}


@pytest.mark.parametrize(
    ("index", "change", "at", "told"),
    [
        ("ITUC_GRI", {"convert": {k: RATINGS[k] for k in "12456"}}, "convert", "Lacks the rating 3."),
        ("ITUC_GRI", {"convert": RATINGS | {"5+": 5}}, "convert/5+", "Must be a rating: a whole number."),
        ("ITUC_GRI", {"convert": RATINGS | {"7": 5}}, "convert", "7 is out of range."),
        ("ITUC_GRI", {"convert": {}}, "convert", "Must say what each rating is worth: "),
        ("ITUC_GRI", {"labels": {"5+": 7}}, "labels", "5+ stands for no rating."),
        ("ITUC_GRI", {"low": 7}, "high", "Must be above low."),
        ("EPI", {"convert": RATINGS}, "convert", "Lacks the rating 0."),
        ("EPI", {"high": 1000}, "convert", "Must say what each rating is worth: "),
        ("EPI", {"convert": {str(n): n for n in range(101)}}, "", "Must have the range, labels and ratings "),
        ("EPI", {"high": 90, "convert": {str(n): n for n in range(91)}}, "", "Must have the range, "),
    ],
)
def test_an_index_reads_every_value_that_can_be_imported(
    index: str, change: dict[str, Any], at: str, told: str
) -> None:
    whole = content(
        "country", "indices", index, value=rulebook.rule_file("2026-1")["country"]["indices"][index]
    )
    whole["country"]["indices"][index] |= change
    found = faults(whole)
    assert list(found) == [f"/country/indices/{index}/{at}".rstrip("/")]
    assert told in next(iter(found.values()))


def test_every_fault_is_named_at_once() -> None:
    whole = content("score", "step", value=10)
    whole["bands"]["high"] = 10
    whole["country"]["worst"] = 1
    whole["country"]["indices"]["ITUC_GRI"]["convert"] = {"x": 1}
    assert set(faults(whole)) == {
        "/score/step",
        "/bands/high",
        "/country/mean",
        "/country/indices/ITUC_GRI/convert/x",
    }


def test_a_rule_set_that_could_not_be_computed_with_is_refused(tx: Transaction) -> None:
    body = stricter()
    body["country"]["indices"]["EPI"]["convert"] = {str(n): n for n in range(101)}
    with pytest.raises(Invalid) as refused:
        usecases.rule_sets.add_rule_set(tx, "2027-unlike", body, OFFICE, NOW)
    assert list(refused.value.faults) == ["/country/indices/EPI"]


@pytest.mark.parametrize(
    ("step", "expected"), [("0.1", "72.3"), ("0.10", "72.3"), ("1", "72"), ("1.0", "72")]
)
def test_a_score_is_rounded_to_the_step_however_it_is_written(step: str, expected: str) -> None:
    rules = rulebook.checked_new_rules("2027-step", content("score", "step", value=Decimal(step)))
    assert str(score(parse_facts(inputs()), rules, THEN).score) == expected


def test_a_wave_that_cannot_go_on_ends_with_the_reason_and_others_go_on(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(tx, 3)
    usecases.rule_sets.add_rule_set(tx, "2027-broken", stricter(), OFFICE, LATER)
    trial = usecases.rule_sets.try_rule_set(tx, "2027-broken", LATER)
    repository.waves.give_out(tx, 1)  # that it leaves behind
    import_index(tx, "CPI", 2026, CHN="3")

    def broken(*_: Any) -> Any:
        raise KeyError("6")

    monkeypatch.setattr(usecases.waves, "_try", broken)
    worked_off(tx, size=1)
    monkeypatch.undo()
    found = usecases.waves.get_wave(tx, trial["wave_id"])
    assert (found["failure"], found["ended_at"], found["cases"]) == ("KeyError: '6'", LATER, 0)
    [wave] = waves(tx, kind="dataset", running=False)[-1:]
    assert (wave.cases, wave.failure) == (3, None)
    with tx.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM wave_part")
        assert cursor.fetchone()[0] == 0
    with pytest.raises(Conflict):
        usecases.rule_sets.activate(tx, "2027-broken", "why", OFFICE, LATER)
    again = usecases.waves.repeat(tx, trial["wave_id"], LATER)
    worked_off(tx, size=1)
    found = usecases.waves.get_wave(tx, again["wave_id"])
    assert (found["kind"], found["rule_set"], found["failure"]) == ("trial", "2027-broken", None)
    assert (found["wave_id"] != trial["wave_id"], found["cases"]) == (True, 3)
    usecases.rule_sets.activate(tx, "2027-broken", "why", OFFICE, LATER)


def test_a_rescoring_that_failed_is_begun_anew_by_the_rule_set_in_force_and_no_other_is(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(tx, 3)
    usecases.waves.begin_decay(tx, LATER)
    [decay] = waves(tx, kind="decay", running=True)
    with pytest.raises(Conflict, match="is being, worked off"):
        usecases.waves.repeat(tx, decay.wave_id, LATER)
    monkeypatch.setattr(usecases.waves, "_moves", lambda *_: {}[6])
    worked_off(tx)
    monkeypatch.undo()
    assert usecases.waves.get_wave(tx, decay.wave_id)["failure"] == "KeyError: 6"
    assert not usecases.waves.begin_decay(tx, LATER)  # by itself it fails once a month
    usecases.rule_sets.add_rule_set(tx, "2027-next", stricter(), OFFICE, LATER)
    repository.rule_sets.activate(tx, "2027-next", "decided", "kim", LATER)
    again = usecases.waves.repeat(tx, decay.wave_id, LATER)
    assert (again["kind"], again["about"], again["rule_set"]) == ("decay", decay.about, "2027-next")
    with pytest.raises(Conflict, match="begun anew already"):
        usecases.waves.repeat(tx, decay.wave_id, LATER)
    worked_off(tx)
    assert usecases.waves.get_wave(tx, again["wave_id"])["cases"] == 3


def test_what_the_database_cannot_do_at_this_moment_ends_no_wave(tx: Transaction) -> None:
    several(tx, 1)
    import_index(tx, "CPI", 2026, CHN="3")
    turns = iter(range(10))

    @contextmanager
    def begin() -> Iterator[Transaction]:
        if next(turns) == 1:
            raise psycopg2.OperationalError("the server is away")
        yield tx

    with pytest.raises(psycopg2.OperationalError):
        usecases.waves.work(begin, LATER, 2)
    worked_off(tx)
    [wave] = waves(tx, kind="dataset", running=False)[-1:]
    assert (wave.cases, wave.failure) == (1, None)


def test_which_rule_set_is_in_force_does_not_hang_on_clocks(tx: Transaction) -> None:
    for name in ("2027-first", "2027-second"):
        usecases.rule_sets.add_rule_set(tx, name, stricter(), OFFICE, LATER)
        repository.rule_sets.activate(tx, name, "decided", "kim", LATER)
    with tx.cursor() as cursor:
        cursor.execute(
            "UPDATE rule_set_activation"
            " SET activation_id = overlay(activation_id::text PLACING '0000' FROM 1)::uuid"
            " WHERE rule_set = '2027-second'"
        )
    assert repository.rule_sets.active_name(tx) == "2027-second"


def test_a_packaged_rule_set_of_a_name_that_was_brought_in_before_is_refused(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository.rule_sets, "_alone", set())
    same = sql.document(rulebook.rule_file("2026-1"))
    with tx.cursor() as cursor:
        cursor.execute("INSERT INTO rule_set VALUES ('2026-1', %s, now(), 'kim')", [same])
        assert repository.rule_sets.named(tx, "2026-1") == rulebook.rules()
        repository.rule_sets._alone.clear()
        cursor.execute("UPDATE rule_set SET content = jsonb_set(content, '{decay,left_at_end}', '0.1')")
    with pytest.raises(RuntimeError, match="2026-1"):
        repository.rule_sets.named(tx, "2026-1")
