"""What the databases hold of what was asked for, against how the requests ended: lost and phantom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.row import Row

if TYPE_CHECKING:
    from tests.chaos.books import Books
    from tests.chaos.load import Book

# kind of request -> (service, the keys of those whose effect is stored)
STORED = {
    "suppliers": ("suppliers", "SELECT legal_name FROM supplier"),
    "campaigns": (
        "assessments",
        """SELECT name FROM campaign WHERE EXISTS
        (SELECT FROM assessment WHERE assessment.campaign_id = campaign.campaign_id)""",
    ),
    "answers": ("assessments", "SELECT assessment_id::text FROM assessment WHERE answers <> '{}'"),
    "submissions": (
        "assessments",
        "SELECT assessment_id::text FROM assessment WHERE submitted_at IS NOT NULL AND claimed IS NOT NULL",
    ),
    "reviews": (
        "assessments",
        "SELECT assessment_id::text FROM assessment WHERE state IN ('under_review', 'completed')",
    ),
    "completions": (
        "assessments",
        "SELECT assessment_id::text FROM assessment WHERE state = 'completed' AND completed_at IS NOT NULL",
    ),
}


def stored(books: Books) -> dict[str, list[str]]:
    """Return the stored keys of every kind; a key that stands twice is there twice."""
    return {kind: books.column(service, query) for kind, (service, query) in STORED.items()}


def rows(found: dict[str, list[str]], book: Book) -> list[Row]:
    """Compare."""
    lost, phantom = Row("accepted but not stored", "lost"), Row("stored but never asked for", "phantom")
    twice = Row("stored twice", "doubled")
    for kind, keys in found.items():
        accepted, unknown, there = book.accepted[kind], book.unknown[kind], set(keys)
        lost.broken += [f"{kind} {key}" for key in sorted(accepted - there)]
        phantom.broken += [f"{kind} {key}" for key in sorted(there - accepted - unknown)]
        twice.broken += [f"{kind} {key}" for key in sorted(there) if keys.count(key) > 1]
    return [lost, phantom, twice]
