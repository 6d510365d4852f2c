"""Reading a questionnaire's document: a questionnaire, or every fault at once.

A fault in a questionnaire would become a wrong score, so a faulty one keeps the service from starting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from services.assessments.domain import questionnaire as q

Entry = Mapping[str, Any]


class QuestionnaireError(ValueError):
    """The document breaks its rules; `faults` names every one."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults, one sentence each."""
        super().__init__("\n".join(faults))
        self.faults = faults


def read(document: Entry, reporting: Mapping[str, list[str]]) -> q.Questionnaire:
    """Return the questionnaire; `reporting`: question -> answers that report a severe deviation.

    Raises QuestionnaireError.
    """
    faults = list(_faults(document, reporting))
    if faults:
        raise QuestionnaireError(faults)
    return q.build(document, reporting)


def _faults(document: Entry, reporting: Mapping[str, list[str]]) -> Iterator[str]:
    entries = document.get("questions") or []
    if not entries:
        yield "the document has no questions"
    yield from (f"the document has no {name}" for name in ("id", "version") if not document.get(name))
    yield from (f"{name}: the id is used twice" for name in _repeated(entry.get("id") for entry in entries))
    known = {entry.get("id"): entry for entry in entries}
    sections = {section["id"] for section in document.get("sections", [])}
    for entry in entries:
        found = [fault for check in CHECKS for fault in check(entry)]
        found += [*_section_faults(entry, sections), *_condition_faults(entry, known)]
        yield from (f"{entry.get('id')}: {fault}" for fault in found)
    yield from _reporting_faults(reporting, known)


def _vocabulary_faults(entry: Entry) -> Iterator[str]:
    if entry.get("type") not in q.TYPES:
        yield f"unknown type {entry.get('type')!r}"
    if entry.get("area") not in (q.GENERAL, *q.AREAS):
        yield f"unknown area {entry.get('area')!r}"
    if entry.get("process_requirement") not in (None, q.REPORTING, *q.REQUIREMENTS):
        yield f"unknown process requirement {entry.get('process_requirement')!r}"
    if not isinstance(entry.get("critical"), bool):
        yield "critical must be true or false"


def _section_faults(entry: Entry, sections: set[str]) -> Iterator[str]:
    if entry.get("section") not in sections:
        yield f"unknown section {entry.get('section')!r}"


def _text_faults(entry: Entry) -> Iterator[str]:
    yield from (f"no {name}" for name in ("text_sv", "text_en") if not entry.get(name))
    for option in _options(entry):
        lacking = [name for name in ("label_sv", "label_en") if not option.get(name)]
        yield from (f"option {option.get('value')!r} has no {name}" for name in lacking)


def _option_faults(entry: Entry) -> Iterator[str]:
    choice, options = entry.get("type") in {q.SINGLE, q.MULTI}, _options(entry)
    if choice != bool(options):
        yield "a choice has no options" if choice else "options where nothing is chosen"
    yield from (f"option {value!r} is there twice" for value in _repeated(o.get("value") for o in options))
    for option in options:
        score = option.get("score")
        if not (score is None or _within(score, 0, q.MAX_SCORE)):
            yield f"option {option.get('value')!r} scores {score!r}, outside 0–4"
        if score is None and _weighs(entry):
            yield f"option {option.get('value')!r} has no score, but the question weighs"


def _weight_faults(entry: Entry) -> Iterator[str]:
    if not _is_number(entry.get("weight")) or entry["weight"] < 0:
        yield f"weight {entry.get('weight')!r} is not a number from 0"
    if not _weighs(entry):
        return
    if entry.get("process_requirement") is None:
        yield "a profile question weighs"
    if entry.get("type") == q.TEXT:
        yield "a text weighs, but cannot be scored"
    if entry.get("type") == q.NUMBER and entry.get("unit") != "percent":
        yield "a number that is no percentage weighs, but cannot be scored"


def _cap_faults(entry: Entry) -> Iterator[str]:
    cap = entry.get("score_cap")
    if not (cap is None or _within(cap, 0, q.MAX_SCORE)):
        yield f"score_cap {cap!r} is outside 0–4"


def _range_faults(entry: Entry) -> Iterator[str]:
    low, high = entry.get("min"), entry.get("max")
    if any(not (bound is None or _is_number(bound)) for bound in (low, high)):
        yield "min and max must be numbers"
    elif low is not None and high is not None and low > high:
        yield f"min {low} is above max {high}"
    elif _weighs(entry) and entry.get("unit") == "percent" and (low, high) != (0, 100):
        yield "a scored percentage must range from 0 to 100"


def _critical_faults(entry: Entry) -> Iterator[str]:
    zero = entry.get("unit") == "percent" or any(option.get("score") == 0 for option in _options(entry))
    if entry.get("critical") is True and not zero:
        yield "critical, but no answer scores 0"


def _condition_faults(entry: Entry, known: Mapping[Any, Entry]) -> Iterator[str]:
    condition = entry.get("show_if")
    if not condition:
        return
    target = known.get(condition.get("question"))
    if target is None:
        yield f"show_if names an unknown question {condition.get('question')!r}"
    elif condition.get("equals") not in _values(target):
        yield f"show_if waits for {condition.get('equals')!r}, which {target['id']} does not offer"
    elif _depends_on_itself(entry, known):
        yield "show_if leads back to the question itself"


def _depends_on_itself(entry: Entry, known: Mapping[Any, Entry]) -> bool:
    seen: set[Any] = set()
    at: Entry | None = entry
    while at and at.get("show_if") and at["id"] not in seen:
        seen.add(at["id"])
        at = known.get(at["show_if"].get("question"))
    return at is not None and at.get("id") == entry.get("id") and bool(seen)


def _reporting_faults(reporting: Mapping[str, list[str]], known: Mapping[Any, Entry]) -> Iterator[str]:
    for name, answers in reporting.items():
        if name not in known:
            yield f"severe_reported names an unknown question {name!r}"
            continue
        strange = [answer for answer in answers if answer not in _values(known[name])]
        yield from (f"severe_reported waits for {each!r}, which {name} does not offer" for each in strange)


CHECKS: tuple[Callable[[Entry], Iterable[str]], ...] = (
    _vocabulary_faults,
    _text_faults,
    _option_faults,
    _weight_faults,
    _cap_faults,
    _range_faults,
    _critical_faults,
)


def _options(entry: Entry) -> list[Entry]:
    return entry.get("options") or []


def _values(entry: Entry) -> set[Any]:
    return {option.get("value") for option in _options(entry)}


def _weighs(entry: Entry) -> bool:
    weight: Any = entry.get("weight")
    return _is_number(weight) and bool(weight > 0)


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, times in Counter(values).items() if times > 1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _within(value: Any, low: int, high: Decimal) -> bool:
    return _is_number(value) and low <= value <= high
