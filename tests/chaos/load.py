"""People at work: suppliers register, are invited, answer; the office reviews. No request is repeated."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from chassis import links
from tests.e2e import scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.stage import Ground, Replicas

PEOPLE, REQUESTS_A_SECOND = 4, 14
YEARS = (2026, 2027)
RECOMMENDATIONS = ("none", "none", "dialogue", "office_audit", "factory_audit")
_ANEW_SECONDS = 1.5


@dataclass
class Book:
    """How requests ended: kind -> the keys by which what was asked for can be found in the databases."""

    accepted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unknown: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    statuses: Counter[int | str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, key: str, status: int | str) -> None:
        """Keep how a request ended: a status, or the name of the fault that came instead of an answer."""
        with self.lock:
            self.statuses[status] += 1
            if isinstance(status, str) or status >= 500:
                self.unknown[kind].add(key)
            elif status < 300:
                self.accepted[kind].add(key)


class Load:
    """Some people who work at a steady rate until they are told to stop."""

    def __init__(self, replicas: Replicas, seed: int) -> None:
        """Nobody works yet."""
        self.book = Book()
        self._replicas, self._seed = replicas, seed
        self._numbers, self._order = itertools.count(1), itertools.count()
        self._due: list[tuple[float, int, Callable[[random.Random], None]]] = []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._people = [
            threading.Thread(target=self._work, args=[_chance(seed, number)], daemon=True)
            for number in range(PEOPLE)
        ]

    def start(self) -> None:
        """Let them begin."""
        for person in self._people:
            person.start()

    def stop(self) -> None:
        """Let everybody finish the request in hand."""
        self._stop.set()
        for person in self._people:
            person.join()

    def _work(self, chance: random.Random) -> None:
        pace = PEOPLE / REQUESTS_A_SECOND
        while not self._stop.wait(chance.uniform(0.5, 1.5) * pace):
            self._next()(chance)

    def _next(self) -> Callable[[random.Random], None]:
        with self._lock:
            if self._due and self._due[0][0] <= time.monotonic():
                return heapq.heappop(self._due)[2]
        return self._register

    def _then(self, step: Callable[[random.Random], None], seconds: float = 0.0) -> None:
        with self._lock:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), step))

    def _send(
        self, chance: random.Random, kind: str, key: str, *request: Any, **headers: str
    ) -> requests.Response | None:
        """Send once; return the answer if it is one that the client can go on from."""
        try:
            answer = self._replicas.send(chance, *request, **headers)
        except requests.RequestException as fault:
            self.book.note(kind, key, type(fault).__name__)
            return None
        self.book.note(kind, key, answer.status_code)
        return answer if answer.status_code < 500 else None

    def _register(self, chance: random.Random) -> None:
        name = f"Chaos {self._seed}-{next(self._numbers):05}"
        body = supplier(name, chance)
        answer = self._send(chance, "suppliers", name, "suppliers", "POST", "/suppliers", body)
        if answer is not None and answer.ok:
            for year in YEARS[: 1 + (chance.random() < 0.5)]:
                self._then(lambda chance, year=year: self._invite(chance, answer.json(), year), 1)

    def _invite(self, chance: random.Random, registered: dict[str, Any], year: int) -> None:
        """Launch a campaign; while assessments does not know the supplier, a new one is tried later."""
        name = f"Chaos {self._seed}-{next(self._numbers):05}"
        case = {"supplier_id": registered["supplier_id"], "category_id": scene.CATEGORY}
        body = {"name": name, "year": year, "cases": [case]}
        answer = self._send(chance, "campaigns", name, "assessments", "POST", "/campaigns", body)
        if answer is not None and answer.status_code == 422:
            self._then(lambda chance: self._invite(chance, registered, year), _ANEW_SECONDS)
        elif answer is not None and answer.ok:
            path = f"/assessments?campaign_id={answer.json()['campaign_id']}"
            self._then(lambda chance: self._look(chance, path))

    def _look(self, chance: random.Random, path: str) -> None:
        answer = self._send(chance, "reads", path, "assessments", "GET", path, None)
        if answer is not None and answer.ok:
            [assessment] = answer.json()["items"]
            self._then(lambda chance: self._log_in(chance, assessment), chance.uniform(0, 2))

    def _log_in(self, chance: random.Random, assessment: dict[str, Any]) -> None:
        invitation = assessment["invitation_id"]
        key = self._replicas.first.env["assessments"]["LINK_KEY"]
        body = {"invitation_id": invitation, "code": links.code(key, invitation, assessment["generation"])}
        answer = self._send(chance, "sessions", invitation, "assessments", "POST", "/sessions", body)
        if answer is not None and answer.ok:
            bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
            self._then(lambda chance: self._answer(chance, assessment["assessment_id"], bearer))

    def _answer(self, chance: random.Random, assessment: str, bearer: dict[str, str]) -> None:
        body = {"answers": scene.ANSWERS | {"Q601": chance.choice("1234"), "Q602": chance.choice("1234")}}
        request = ("assessments", "PUT", "/respondent/answers", body)
        if self._went_well(chance, "answers", assessment, *request, **bearer):
            self._then(lambda chance: self._submit(chance, assessment, bearer))

    def _submit(self, chance: random.Random, assessment: str, bearer: dict[str, str]) -> None:
        request = ("assessments", "POST", "/respondent/submission", None)
        if self._went_well(chance, "submissions", assessment, *request, **bearer):
            self._then(lambda chance: self._review(chance, assessment))

    def _review(self, chance: random.Random, assessment: str) -> None:
        request = ("assessments", "POST", f"/assessments/{assessment}/review", None)
        if self._went_well(chance, "reviews", assessment, *request):
            self._then(lambda chance: self._complete(chance, assessment))

    def _complete(self, chance: random.Random, assessment: str) -> None:
        judged = [
            [None if cell is None else chance.choice((0, cell, 100)) for cell in row] for row in scene.JUDGED
        ]
        body = {"judged": judged, "recommendation": chance.choice(RECOMMENDATIONS)}
        request = ("assessments", "POST", f"/assessments/{assessment}/completion", body)
        self._went_well(chance, "completions", assessment, *request)

    def _went_well(self, chance: random.Random, *request: Any, **headers: str) -> bool:
        answer = self._send(chance, *request, **headers)
        return answer is not None and answer.ok


def _chance(seed: int, person: int) -> random.Random:
    return random.Random(f"{seed} {person}")  # noqa: S311  a spread, not a secret


def supplier(name: str, chance: random.Random) -> dict[str, Any]:
    """A supplier to register: in the countries of `scene`, in a safe one, or with no site that is known."""
    body = scene.supplier() | {"legal_name": name}
    body["contacts"][1]["email"] = f"{name.replace(' ', '-').lower()}@leverantor.example"
    manner = chance.choice(("risky", "risky", "safe", "unknown"))
    if manner != "risky":
        body["sites"] = body["sites"][:1] if manner == "safe" else []
    for site in body["sites"][:1] if manner == "safe" else []:
        site["country"] = "SE"
    return body


def register(ground: Ground, count: int) -> list[str]:
    """Register so many suppliers; return their ids."""
    chance = _chance(count, 0)
    answers = [
        ground.replicas.send(chance, "suppliers", "POST", "/suppliers", supplier(f"R {number}", chance))
        for number in range(count)
    ]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["supplier_id"] for answer in answers]
