"""What events led to in other services' databases: each has had its effect, and had it once."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.chaos.row import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.books import Books

_CAUSES = """SELECT supplier_id::text || '/' || category_id AS key, unnest(causes)::text AS event
FROM risk_score"""
_EVENTS = """SELECT supplier_id::text || '/' || category_id AS key, unnest(events)::text AS event
FROM decision"""
_CASES = "SELECT DISTINCT supplier_id::text || '/' || category_id FROM contract"
_COMPLETED = "SELECT supplier_id::text || '/' || category_id FROM assessment WHERE state = 'completed'"
_SCORED = "SELECT supplier_id::text || '/' || category_id FROM risk_score"
# (the producer's subjects, consumer, the consumer's projection: subject -> version)
PROJECTIONS = [
    (
        "suppliers",
        "SELECT supplier_id::text FROM supplier",
        "assessments",
        "SELECT supplier_id::text, version FROM supplier",
    ),
    (
        "suppliers",
        "SELECT supplier_id::text FROM supplier",
        "notifications",
        "SELECT supplier_id::text, version FROM supplier",
    ),
    (
        "suppliers",
        "SELECT category_id FROM category",
        "notifications",
        "SELECT category_id, version FROM category",
    ),
    (
        "suppliers",
        "SELECT DISTINCT supplier_id::text || '/' || category_id FROM risk_score",
        "audits",
        "SELECT supplier_id::text || '/' || category_id, version FROM risk_case",
    ),
    (
        "assessments",
        "SELECT DISTINCT supplier_id::text || '/' || category_id FROM assessment WHERE state = 'completed'",
        "suppliers",
        "SELECT supplier_id::text || '/' || category_id, version FROM judgement",
    ),
]


def rows(books: Books) -> list[Row]:
    """Look at projections, and at each reaction."""
    completed = Counter(books.column("assessments", _COMPLETED))
    return [_projections(books), *rescored(books, completed), *decided(books)]


def _projections(books: Books) -> Row:
    """The consumer's version of a subject is the last one that the producer has given out."""
    row = Row("projections hold the newest version", "lost")
    for producer, subjects, consumer, kept in PROJECTIONS:
        given = books.mapping(producer, "SELECT subject, version FROM subject_version")
        has = books.mapping(consumer, kept)
        row.broken += [
            f"{consumer}: {subject} has version {has.get(subject)}, {producer} gave {given.get(subject)}"
            for subject in books.column(producer, subjects)
            if has.get(subject) != given.get(subject)
        ]
    return row


def rescored(books: Books, completed: Counter[str]) -> list[Row]:
    """Each case's scores: one cause for its registration, and one for each completed assessment."""
    registered = Counter(books.column("suppliers", _CASES))
    return once("rescored", books.rows("suppliers", _CAUSES), registered + completed)


def decided(books: Books) -> list[Row]:
    """Each case's decisions: one cause for each score."""
    scored = Counter(books.column("suppliers", _SCORED))
    return once("decided", books.rows("audits", _EVENTS), scored)


def once(name: str, caused: Sequence[Any], due: Counter[str]) -> list[Row]:
    """Compare (key, event) rows of what was reacted to with how many events there were for each key."""
    missing, doubled = Row(f"{name} for each event", "lost"), Row(f"{name} once for each event", "doubled")
    events = defaultdict(list)
    for row in caused:
        events[row.key].append(row.event)
    for key in due.keys() | events.keys():
        distinct = len(set(events[key]))
        if distinct < due[key]:
            missing.broken.append(f"{key}: {distinct} of {due[key]} events")
        if len(events[key]) > distinct or distinct > due[key]:
            doubled.broken.append(f"{key}: {len(events[key])} times, {due[key]} events")
    return [missing, doubled]
