"""One rule for addresses: what one service takes, no other lets lie unsent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chassis.fields import mailable
from chassis.loading import loader
from services.notifications import domain
from services.notifications.schemas import NewRecipient
from services.suppliers.schemas import NewSupplier

PERSON = {"name": "Kim Exempel", "language": "sv"}
SUPPLIER = {"legal_name": "Exempel AB", "country": "SE", "language": "sv"}


def refusals(email: str) -> list[bool]:
    """Whether each door refuses an address."""
    contact = PERSON | {"email": email, "role": "sales"}
    bodies = {NewRecipient: PERSON | {"email": email}, NewSupplier: SUPPLIER | {"contacts": [contact]}}
    refused = []
    for schema, body in bodies.items():
        try:
            loader(schema).load(body)
        except ValidationError:
            refused.append(True)
        else:
            refused.append(False)
    return refused


@pytest.mark.parametrize(
    "email",
    ["å@ö.example", "a@ö.example", "a@[127.0.0.1]", "a@127.0.0.1", "a@b_c.example", "a@-b.example", ""],
)
def test_an_address_that_can_never_be_mailed_is_refused_at_every_door(email: str) -> None:
    assert refusals(email) == [True, True]


@given(
    st.one_of(
        st.emails(), st.text(alphabet="ab@.-_ =?+å'", max_size=20), st.from_regex(r"[!-~]{1,9}@[!-~]{1,9}\.x")
    )
)
def test_what_one_door_takes_all_take_and_a_mail_can_be_written_to(email: str) -> None:
    assert refusals(email) == [mailable(email) is None] * 2
    assert mailable(email) in {None, domain.usable_address(email)}
