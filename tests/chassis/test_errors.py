"""Refusals in the one form that all services give them."""

from __future__ import annotations

import pytest

from chassis.errors import Conflict, NotFound, conflicts, found


class NotAllowedError(Exception):
    """A refusal of some domain."""


def test_what_is_there_is_given_back_and_what_is_not_is_named():
    assert found([], "thing") == []
    with pytest.raises(NotFound) as refused:
        found(None, "thing")
    assert refused.value.detail == "There is no such thing."


def test_a_domains_refusal_becomes_a_conflict_in_its_words_and_other_faults_stay():
    with pytest.raises(Conflict) as refused, conflicts(NotAllowedError):
        raise NotAllowedError("It is closed")
    assert refused.value.detail == "It is closed."
    with pytest.raises(KeyError), conflicts(NotAllowedError):
        raise KeyError
