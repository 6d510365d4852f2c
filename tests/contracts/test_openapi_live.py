"""The four running services do what the document says, whatever they are sent: no more, and no less."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from chassis import clock
from tests.asking import ask
from tests.backbone import wait_until
from tests.contracts.documents import ENDPOINTS, printed, tight
from tests.contracts.trying import WRONG_TOKEN, Trial
from tests.e2e import people, scene, things

if TYPE_CHECKING:
    from tests.harness import Platform

SEED, EXAMPLES = 20261127, 2
SECONDS = int(os.environ.get("KEDJA_API_SECONDS", "120"))
BOTH = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def trial(platform: Platform) -> Trial:
    """A platform in which there is something at every address, and the document, closed."""
    scene.load(platform)
    [supplier] = people.register(platform)
    [case] = people.invite(platform, [supplier])
    people.answer(platform, case, people.code(platform, case))
    people.begin_review(platform, case)
    assert people.complete(platform, case).status_code == 200
    return Trial(platform, tight(printed()), there(platform, case), a_session(platform))


def there(platform: Platform, case: people.Case) -> dict[str, str]:
    """Return what each part of an address can be."""

    def first(service: str, path: str) -> Any:
        return wait_until(lambda: platform.get(service, path)["items"])[0]

    mine = f"?supplier_id={case.supplier_id}"
    notice = first("notifications", f"/notices{mine}")
    index = first("suppliers", "/country-indices")
    scene.put_priority(platform, case.category_id, index["year"])
    published = platform.send("POST", "suppliers", f"/figures/{index['year']}/publication", None)
    assert published.status_code in {200, 409}, published.text
    supplier = platform.get("suppliers", f"/suppliers/{case.supplier_id}")
    return {
        "supplier_id": case.supplier_id,
        "site_id": supplier["sites"][0]["site_id"],
        "contract_id": supplier["contracts"][0]["contract_id"],
        "category_id": case.category_id,
        "index": index["index"],
        "year": str(index["year"]),
        "country": "CN",
        "code": "33141420",
        "import_id": an_import(platform),
        "duplicate_id": a_pair(platform, case.supplier_id),
        "name": things.RULE_SET,
        "wave_id": things.tried(platform),
        "follow_up_id": a_proposal(platform, case.category_id),
        "campaign_id": case.assessment["campaign_id"],
        "assessment_id": case.assessment["assessment_id"],
        "audit_id": first("audits", f"/audits{mine}")["audit_id"],
        "auditor_id": scene.AUDITOR,
        "notice_id": notice["notice_id"],
        "kind": "region",
        "recipient_id": scene.BUYERS[0],
    }


def a_pair(platform: Platform, supplier_id: str) -> str:
    """Register a namesake of a supplier: the two may be one."""
    name = platform.get("suppliers", f"/suppliers/{supplier_id}")["legal_name"]
    namesake = scene.supplier() | {"legal_name": name, "contracts": []}
    people.send(platform, "POST", "suppliers", "/suppliers", namesake)
    [pair] = platform.get("suppliers", f"/duplicates?supplier_id={supplier_id}")["items"]
    return str(pair["duplicate_id"])


def a_proposal(platform: Platform, category_id: str) -> str:
    """Ask for cases to follow up next year, unless that has been done."""
    asked = {"category_id": category_id, "year": clock.now().year + 1}
    for known in platform.listed("suppliers", "/follow-ups", **asked):
        return str(known["follow_up_id"])
    made = platform.send("POST", "suppliers", "/follow-ups", {**asked, "size": 1})
    assert made.status_code == 201, made.text
    return str(made.json()["follow_up_id"])


def an_import(platform: Platform) -> str:
    """Import a file of which nothing is accepted: its report has rows."""
    url = platform.url("suppliers", "/imports?kind=contacts")
    made = ask("POST", url, data="orgnr,name\r\n1,x\r\n", headers={"Content-Type": "text/csv"})
    assert made.status_code == 202, made.text
    return str(made.json()["import_id"])


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


def tried(trial: Trial, seed: int, examples: int, modes: int = len(BOTH)) -> list[str]:
    """Return what generated requests find, of all operations, not of the first; each in so many modes.

    Making the requests costs most of the time: with one mode, every other operation gets wrong ones.
    """
    found = []
    for number, (name, operation) in enumerate(trial.operations()):
        for mode in (BOTH * 2)[number % 2 :][:modes]:
            try:
                trial.fuzz(name, operation, mode, seed, examples)
            except FailureGroup as fault:
                found.append(f"{name}, {mode.value}, seed {seed}: {fault}")
    return found


def test_generated_requests_right_and_wrong_get_documented_answers(trial: Trial) -> None:
    found = tried(trial, SEED, EXAMPLES, modes=1)
    assert not found, "\n\n".join(found)
    assert {name for name, _ in trial.seen} == set(ENDPOINTS)


def test_without_a_token_and_with_a_wrong_one_nothing_is_let_in(trial: Trial) -> None:
    for name, operation in trial.operations():
        key = {"headers": {"Idempotency-Key": str(uuid4())}} if ENDPOINTS[name].keyed else {}
        nobody = trial.send(name, trial.example(operation, **key), {})
        wrong = trial.send(name, trial.example(operation, **key), WRONG_TOKEN)
        if ENDPOINTS[name].scope != "public":
            assert (nobody.status_code, wrong.status_code) == (401, 401), name
        elif ENDPOINTS[name].method == "GET":
            assert (nobody.status_code, wrong.status_code) == (200, 401), name


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
