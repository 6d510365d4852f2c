"""A service whose database goes back to an older state, while the others have gone on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.backbone import wait_until
from tests.e2e import people, rows, scene
from tests.e2e.kedja import kedja
from tests.e2e.outcome import await_outcome, decisions, due, mails_about, seen
from tests.harness import Platform, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.admin import Admin


@pytest.fixture(scope="module")
def chain(admin: Admin, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform of these tests' own: what is lost here must not be missed elsewhere."""
    with started(f"{namespace}_restored", admin, tmp_path_factory.mktemp("restored")) as running:
        scene.load(running)
        yield running


@pytest.fixture
def before(chain: Any, tmp_path: Path) -> Iterator[tuple[Path, list[people.Case]]]:
    """A backup, taken while everything runs, and the cases that were completed after it."""
    [early] = people.ready_to_complete(chain)
    assert people.complete(chain, early).status_code == 200
    await_outcome(chain, [early])
    late = people.ready_to_complete(chain, 2)
    said = kedja(chain, "backup", str(tmp_path / "backup"))
    assert said.endswith("is whole\n")
    assert said.count("bytes, as of") == 4
    yield tmp_path / "backup", [early, *late]
    for service in chain.env:
        if service not in chain.processes:
            chain.start(service)
            chain.await_ready(service)


def complete(chain: Any, cases: list[people.Case]) -> None:
    """Complete cases and wait until everything has followed."""
    assert people.complete_all(chain, cases) == {200: len(cases)}
    wait_until(lambda: [seen(chain, case) for case in cases] == [due(case) for case in cases])


def restore(chain: Any, service: str, folder: Path) -> str:
    """Stop, restore, start: what an operator does; return the report."""
    assert "stop the service" in kedja(chain, "restore", service, str(folder), status=1)
    chain.stop(service)
    said = kedja(chain, "restore", service, str(folder), "--report")
    chain.start(service)
    chain.await_ready(service)
    return said


@pytest.mark.slow
def test_suppliers_restored_is_right_after_a_resync_and_what_it_tells_from_then_on_wins(
    chain: Any, before: Any
) -> None:
    folder, [early, *late] = before
    complete(chain, late)
    [lost] = people.register(chain)
    wait_until(lambda: rows.ask(chain, "assessments", KNOWN, id=lost["supplier_id"]))
    judged = rows.of(chain, "suppliers", "judgement")
    known = {row["supplier_id"]: row["version"] for row in risks(chain)}
    told = {case.supplier_id: (decisions(chain, case), len(mails_about(chain, case))) for case in late}

    said = restore(chain, "suppliers", folder)
    assert_reported(said, lost, late)
    assert [scores(chain, case) for case in (early, *late)] == [scene.SCORES, *[scene.SCORES[:1]] * 2]

    kedja(chain, "resync", "assessments")
    wait_until(lambda: rows.of(chain, "suppliers", "judgement") == judged)
    assert [scores(chain, case) for case in (early, *late)] == [scene.SCORES] * 3

    # what it tells from now on wins over what it told before the backup was put back
    wait_until(lambda: all(is_of_new_epoch(chain, case, known) for case in late))
    assert [(decisions(chain, case), len(mails_about(chain, case))) for case in late] == [
        told[case.supplier_id] for case in late
    ]
    kedja(chain, "resync", "suppliers")
    wait_until(lambda: is_of_new_epoch(chain, early, known))
    assert seen(chain, early) == due(early)


KNOWN = "SELECT 1 FROM supplier WHERE supplier_id = %(id)s::uuid"


def risks(chain: Any) -> list[Any]:
    found: list[Any] = rows.of(chain, "audits", "risk_case")["risk_case"]
    return found


def is_of_new_epoch(chain: Any, case: people.Case, known: dict[str, int]) -> bool:
    [now] = [row["version"] for row in risks(chain) if row["supplier_id"] == case.supplier_id]
    return bool(now >> 40 > known[case.supplier_id] >> 40)


def scores(chain: Any, case: people.Case) -> Any:
    return seen(chain, case)["scores"]


def assert_reported(said: str, lost: Any, late: Any) -> None:
    """A supplier of its own is gone; judgements come back; others know of the scores that it forgot."""
    lines = said.splitlines()
    assert "supplier: 1 gone; cannot come back by itself" in lines
    assert f"    gone supplier_id={lost['supplier_id']}" in lines
    assert "judgement: 2 gone (completed); comes back with `kedja resync assessments`" in lines
    assert "assessments knows 1 of its subjects in a later version (supplier):" in lines
    assert "audits knows 3 of its subjects in a later version (risk_case):" in lines
    for case in late:
        assert f"    {case.supplier_id}/{case.category_id}" in lines


@pytest.mark.slow
def test_audits_restored_has_the_present_risks_again_and_reports_audits_and_decisions_as_gone(
    chain: Any, before: Any
) -> None:
    folder, [_, *late] = before
    complete(chain, late)
    kept = rows.of(chain, "audits", "risk_case", without=("case_id", "decision_id"))
    lines = restore(chain, "audits", folder).splitlines()
    assert "audit: 2 gone (confirmed); cannot come back by itself" in lines
    assert "decision: 2 gone; cannot come back by itself" in lines
    kedja(chain, "resync", "suppliers")
    wait_until(lambda: rows.of(chain, "audits", "risk_case", without=("case_id", "decision_id")) == kept)


@pytest.mark.slow
def test_notifications_restored_reports_the_mail_that_it_no_longer_knows_of(chain: Any, before: Any) -> None:
    folder, [_, *late] = before
    complete(chain, late)
    sent = len(chain.mailbox.mails)
    tables = ("supplier", "category", "recipient")
    kept = rows.of(chain, "notifications", *tables)
    lines = restore(chain, "notifications", folder).splitlines()
    [about] = [line for line in lines if line.startswith("notice: ")]
    assert "gone (sent)" in about
    kedja(chain, "resync", "suppliers")
    wait_until(lambda: rows.of(chain, "notifications", *tables) == kept)
    assert len(chain.mailbox.mails) == sent


@pytest.mark.slow
def test_all_services_restored_from_a_backup_taken_in_the_middle_of_a_burst_agree_again_and_go_on(
    chain: Any, tmp_path: Path
) -> None:
    """The four databases are of four moments: what one lacks of the others is told again."""
    cases = people.ready_to_complete(chain, 12)
    folder = str(tmp_path / "backup")
    people.complete_all(chain, cases, halfway=lambda: kedja(chain, "backup", folder))
    wait_until(lambda: [seen(chain, case) for case in cases] == [due(case) for case in cases])
    for service in chain.env:
        chain.stop(service)
    for service in chain.env:
        kedja(chain, "restore", service, folder)
    for service in chain.env:
        chain.start(service)
    for service in chain.env:
        chain.await_ready(service)
    for producer in ("assessments", "suppliers"):
        kedja(chain, "resync", producer)
    wait_until(lambda: facts(chain, cases)[0] <= facts(chain, cases)[1] and agree(chain, cases))

    answers = [people.complete(chain, case).status_code for case in cases]
    assert set(answers) <= {200, 409}
    everything = {case.assessment["assessment_id"] for case in cases}
    wait_until(lambda: facts(chain, cases) == (everything, everything) and agree(chain, cases))
    assert {scores(chain, case)[-1] for case in cases} == {scene.SCORES[-1]}


def facts(chain: Any, cases: list[people.Case]) -> tuple[set[str], set[str]]:
    """The assessments that are completed, and those that suppliers knows as such."""
    ours = {case.supplier_id for case in cases}
    completed = rows.of(chain, "assessments", "assessment")["assessment"]
    judged = rows.of(chain, "suppliers", "judgement")["judgement"]
    return (
        {each["assessment_id"] for each in completed if each["supplier_id"] in ours and each["completed_at"]},
        {each["assessment_id"] for each in judged if each["supplier_id"] in ours},
    )


def agree(chain: Any, cases: list[people.Case]) -> bool:
    """Whether the score that audits knows of each case is the one that suppliers has."""
    known = {each["supplier_id"]: each["score"] for each in risks(chain)}
    present = {case.supplier_id: scores(chain, case)[-1][0] for case in cases}
    return all(float(known[supplier_id]) == score for supplier_id, score in present.items())
