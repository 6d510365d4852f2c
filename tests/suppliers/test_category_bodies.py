"""What a category's body brings beside itself: years of priority, prefixes of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from marshmallow import ValidationError

from services.suppliers import schemas, usecases
from tests.callers import WHATEVER
from tests.suppliers.bodies import GLOVES, loaded
from tests.suppliers.test_categories import DECISION, put

if TYPE_CHECKING:
    from chassis.db import Transaction


def test_years_that_a_category_s_body_gives_or_takes_stand_in_the_trail(tx: Transaction) -> None:
    put(tx, "handskar", prioritised_years=[2026])
    usecases.categories.put_priority(tx, "handskar", 2027, DECISION, WHATEVER)
    put(tx, "handskar", prioritised_years=[2027, 2028])
    with tx.cursor() as cursor:
        cursor.execute(
            "SELECT action, resource_id, coalesce(after, before) ->> 'decided_by' FROM audit_trail"
            " WHERE resource = 'category-priority' ORDER BY id"
        )
        entries = [tuple(row) for row in cursor.fetchall()]
    assert entries == [
        ("created", "handskar/2026", None),
        ("created", "handskar/2027", "Styrgruppen"),
        ("deleted", "handskar/2026", None),
        ("created", "handskar/2028", None),
    ]


@pytest.mark.parametrize("prefix", ["99", "3399", "33141421"])
def test_what_no_code_of_the_vocabulary_begins_with_is_no_prefix(prefix: str) -> None:
    for fine in ("33", "331414", "33141420", "33140000"):
        loaded(schemas.NewCategory, GLOVES | {"cpv_prefixes": [fine]})
    with pytest.raises(ValidationError):
        loaded(schemas.NewCategory, GLOVES | {"cpv_prefixes": [prefix]})
