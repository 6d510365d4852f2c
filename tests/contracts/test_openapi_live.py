"""The four running services do what the document says, whatever they are sent: no more, and no less."""

from __future__ import annotations

import os
import time
from itertools import islice
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.contracts.documents import ENDPOINTS, printed, tight
from tests.contracts.trying import WRONG_TOKEN, Trial
from tests.e2e import people, scene, things
from tests.harness import Platform, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.admin import Admin

SEED, EXAMPLES = 20261127, 1
SECONDS = int(os.environ.get("KEDJA_API_SECONDS", "120"))
BOTH = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def trial(admin: Admin, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A platform of its own, with something at every address, and the document, closed."""
    with started(f"{namespace}_tried", admin, tmp_path_factory.mktemp("tried")) as platform:
        scene.load(platform)
        there = things.made(platform, scene.CATEGORY, things.OWN_AREA, list(scene.BUYERS)).values
        published = platform.send("POST", "suppliers", f"/figures/{there['year']}/publication", None)
        assert published.status_code == 200, published.text
        yield Trial(platform, tight(printed()), there, a_session(platform))


def a_session(platform: Platform) -> dict[str, str]:
    """Return a session of a respondent whose assessment is open."""
    [case] = people.invite(platform, people.register(platform))
    opened = {"invitation_id": case.assessment["invitation_id"], "code": people.code(platform, case)}
    session = platform.send("POST", "assessments", "/sessions", opened).json()
    return {"Authorization": f"Bearer {session['token']}"}


def test_every_read_of_what_is_there_is_answered_with_200_and_is_as_documented(trial: Trial) -> None:
    for name, operation in trial.operations():
        if ENDPOINTS[name].method == "GET":
            answer = trial.send(name, trial.example(operation), trial.authorization(name))
            assert answer.status_code == 200, name


def tried(trial: Trial, seed: int, examples: int, modes: int = len(BOTH), every: int = 1) -> list[str]:
    """Return what generated requests find, of all operations, not of the first; each in so many modes.

    Making the requests costs most of the time: with one mode, some operations get right and some wrong ones.
    """
    found = []
    for number, (name, operation) in enumerate(islice(trial.operations(), None, None, every)):
        for mode in (BOTH * 2)[number % 2 :][:modes]:
            try:
                trial.fuzz(name, operation, mode, seed, examples)
            except FailureGroup as fault:
                found.append(f"{name}, {mode.value}, seed {seed}: {fault}")
    return found


def test_generated_requests_right_and_wrong_get_documented_answers(trial: Trial) -> None:
    found = tried(trial, SEED, EXAMPLES, modes=1, every=2)
    assert not found, "\n\n".join(found)
    assert len({name for name, _ in trial.seen}) >= len(ENDPOINTS) // 2


def test_without_a_token_and_with_a_wrong_one_nothing_is_let_in(trial: Trial) -> None:
    for name, operation in trial.operations():
        key = {"headers": {"Idempotency-Key": str(uuid4())}} if ENDPOINTS[name].keyed else {}
        nobody = trial.send(name, trial.example(operation, **key), {})
        wrong = trial.send(name, trial.example(operation, **key), WRONG_TOKEN)
        if ENDPOINTS[name].scope != "public":
            assert (nobody.status_code, wrong.status_code) == (401, 401), name
        elif ENDPOINTS[name].method == "GET":
            assert (nobody.status_code, wrong.status_code) == (200, 401), name


@pytest.mark.slow
def test_hostile_ids_are_refused_as_documented(trial: Trial) -> None:
    for name, operation in trial.operations():
        for case in trial.hostile(operation):
            status = trial.send(name, case, trial.authorization(name)).status_code
            assert 400 <= status < 500, (name, case.path_parameters, status)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 600)
def test_a_long_run_finds_nothing_either(trial: Trial) -> None:
    """`make test-api SECONDS=600`; each round has a seed of its own, named by what fails in it."""
    end, seed = time.monotonic() + SECONDS, SEED
    while time.monotonic() < end:
        seed += 1
        found = tried(trial, seed, 25)
        assert not found, "\n\n".join(found)
    assert {name for name, _ in trial.seen} == set(ENDPOINTS)
