"""What suppliers, respondents and the office do, over HTTP; and cases that they have brought so far."""

from __future__ import annotations

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

from chassis import links
from tests.backbone import wait_until
from tests.e2e import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from email.message import EmailMessage

    from tests.harness import Platform

LINK = re.compile(r"(http://\S+)/api/v1/assessments/respond#([0-9a-f-]{36})\.([\w-]+)")
PEOPLE_AT_ONCE = 4


@dataclass(frozen=True)
class Case:
    """A supplier's assessment; `correlation_id` is what its completing request will carry."""

    supplier: dict[str, Any]
    assessment: dict[str, Any]
    correlation_id: str = field(default_factory=lambda: f"e2e-{uuid4().hex}")

    @property
    def supplier_id(self) -> str:
        return str(self.supplier["supplier_id"])

    @property
    def category_id(self) -> str:
        return str(self.assessment["category_id"])

    @property
    def path(self) -> str:
        return f"/assessments/{self.assessment['assessment_id']}"


def send(platform: Platform, *request: Any, **headers: str) -> requests.Response:
    """Send a request, and again while the service says that its database is away for the moment."""

    def answered() -> list[requests.Response]:
        answer = platform.send(*request, **headers)
        return [] if answer.status_code == 503 else [answer]

    return wait_until(answered)[0]


def register(platform: Platform, count: int = 1, category_id: str = scene.CATEGORY) -> list[dict[str, Any]]:
    """Register suppliers."""
    bodies = [scene.supplier(category_id) for _ in range(count)]
    with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
        answers = list(pool.map(lambda body: send(platform, "POST", "suppliers", "/suppliers", body), bodies))
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json() for answer in answers]


def invite(platform: Platform, suppliers: Sequence[dict[str, Any]]) -> list[Case]:
    """Launch a campaign for registered suppliers as soon as assessments knows all of them."""
    by_id = {supplier["supplier_id"]: supplier for supplier in suppliers}
    cases = [
        {"supplier_id": supplier_id, "category_id": supplier["contracts"][0]["category_id"]}
        for supplier_id, supplier in by_id.items()
    ]
    body = {"name": "E2E", "year": datetime.now(UTC).year, "cases": cases}

    def launched() -> Any:
        answer = send(platform, "POST", "assessments", "/campaigns", body)
        assert answer.status_code in (201, 422), answer.text
        return answer.ok and answer.json()["campaign_id"]

    campaign_id = wait_until(launched)
    invited = platform.get("assessments", "/assessments", campaign_id=campaign_id, limit=500)["items"]
    return [Case(by_id[assessment["supplier_id"]], assessment) for assessment in invited]


def link_in(mail: EmailMessage) -> tuple[str, str, str]:
    """The base URL, invitation and code of an invitation's link."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found is not None
    return found[1], found[2], found[3]


def code(platform: Platform, case: Case) -> str:
    """The code that the invitation's mail carries, also before the mail is there."""
    invited = case.assessment
    key = platform.env["notifications"]["LINK_KEY"]
    return links.code(key, invited["invitation_id"], invited["generation"])


def answer(platform: Platform, case: Case, invitation_code: str) -> None:
    """Answer and submit, as a respondent who has followed the link."""
    opened = {"invitation_id": case.assessment["invitation_id"], "code": invitation_code}
    session = send(platform, "POST", "assessments", "/sessions", opened)
    assert session.status_code == 200, session.text
    bearer = {"Authorization": f"Bearer {session.json()['token']}"}
    body = {"answers": scene.ANSWERS}
    saved = send(platform, "PUT", "assessments", "/respondent/answers", body, **bearer)
    submitted = send(platform, "POST", "assessments", "/respondent/submission", None, **bearer)
    assert (saved.status_code, submitted.status_code) == (200, 200), saved.text + submitted.text


def begin_review(platform: Platform, case: Case) -> None:
    """Take a submitted assessment up."""
    assert send(platform, "POST", "assessments", f"{case.path}/review", None).status_code == 200


def complete(platform: Platform, case: Case) -> requests.Response:
    """Close the review: the chain starts here."""
    body = {"judged": scene.JUDGED, "recommendation": "none"}
    headers = {"X-Correlation-ID": case.correlation_id}
    return platform.send("POST", "assessments", f"{case.path}/completion", body, **headers)


def under_review(platform: Platform, cases: Sequence[Case]) -> None:
    """Bring invited cases so far that only their completion is left."""

    def bring(case: Case) -> None:
        answer(platform, case, code(platform, case))
        begin_review(platform, case)

    with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
        list(pool.map(bring, cases))


def ready_to_complete(platform: Platform, count: int = 1) -> list[Case]:
    """Make cases of which only the completion is left."""
    cases = invite(platform, register(platform, count))
    under_review(platform, cases)
    return cases


class Burst:
    """The office completes cases, several people at once; each tries again until the case is completed.

    `halfway` is called in the middle of it, by whoever has completed half of the cases; the others go on.
    """

    def __init__(self, platform: Platform, cases: Sequence[Case], halfway: Callable[[], object]) -> None:
        self._platform, self._cases, self._halfway = platform, cases, halfway
        self._lock = threading.Lock()
        self._completed = 0
        self.answers: Counter[int | str] = Counter()

    def run(self) -> None:
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
            list(pool.map(self._complete, self._cases))

    def _complete(self, case: Case) -> None:
        wait_until(lambda: self._is_completed(case), 40)
        with self._lock:
            self._completed += 1
            is_middle = self._completed == len(self._cases) // 2
        if is_middle:
            self._halfway()

    def _is_completed(self, case: Case) -> bool:
        """A refusal as out of turn means that it was completed and the answer was lost."""
        try:
            answered: int | str = complete(self._platform, case).status_code
        except requests.RequestException:
            answered = "no connection"
        with self._lock:
            self.answers[answered] += 1
        return answered in (200, 409)


def complete_all(
    platform: Platform, cases: Sequence[Case], halfway: Callable[[], object] = lambda: None
) -> Counter[int | str]:
    """Complete cases in a burst; return how often which status was answered."""
    burst = Burst(platform, cases, halfway)
    burst.run()
    return burst.answers
