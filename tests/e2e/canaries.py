"""A case that carries canaries through all four services, and callers who are careless with them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import stdnum.luhn

from tests.asking import ask
from tests.backbone import wait_until
from tests.canaries import unsigned
from tests.e2e import people, scene
from tests.e2e.outcome import mails_about
from tests.tokens import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness import Platform


def _person() -> str:
    """The number of somebody who was born two centuries ago: nobody who lives has it."""
    born = f"{10 + secrets.randbelow(90)}{1 + secrets.randbelow(12):02}{1 + secrets.randbelow(28):02}"
    digits = f"{born}{secrets.randbelow(1000):03}"
    return f"18{digits}{stdnum.luhn.calc_check_digit(digits)}"


_WORD = secrets.token_hex(6)
NOBODY = str(uuid4())
AUDITOR = str(uuid4())
PERSONAL = {
    "contact's name": f"Kanaria Fågel-{_WORD}",
    "contact's address": f"kanaria.{_WORD}@region.example",
    "auditor's name": f"Revisor Gråsparv-{_WORD}",
    "auditor's address": f"grasparv.{_WORD}@revision.example",
    "person's number": _person(),
    "person's own number": _person(),
    "free text": f"Grönfinken sjunger {_WORD}",
    "imported name": f"Importa Sädesärla-{_WORD}",
    "imported address": f"sadesarla.{_WORD}@region.example",
    "rejected name": f"Avvisad Ängspiplärka-{_WORD}",
    "rejected address": f"piplarka.{_WORD}(at)region.example",
}


def _secrets(platform: Platform) -> dict[str, str]:
    token = OURS.token("national_office", client_id="canary")
    known = {
        "token": token,
        "tampered token": f"{token[:-9]}AAAAAAAAA",
        "expired token": OURS.token("national_office", minutes=-60),
        "unsigned token": unsigned(),
        "region's token": OURS.token("region", region=scene.BYSTANDER),
        "no token": f"Canary-{secrets.token_hex(12)}",
        "key": f"canary-{secrets.token_hex(8)}",
        "link key": platform.env["assessments"]["LINK_KEY"],
    }
    for service, env in platform.env.items():
        known[f"{service}'s database"] = unquote(urlsplit(env["DATABASE_URL"]).password or "")
        known[f"{service}'s broker"] = unquote(urlsplit(env["AMQP_URL"]).password or "")
    assert all(known.values())
    return known


@dataclass
class Song:
    """What was sent and what was said to it: [(status, headers and text)]."""

    platform: Platform
    secrets: dict[str, str]
    said: list[tuple[int, str]] = field(default_factory=list)

    def __call__(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        credentials: str = "token",
        **headers: str,
    ) -> Any:
        """Send a body as JSON, or a text as it is."""
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        data = data.encode() if isinstance(data, str) else data
        given = {"Authorization": f"Bearer {self.secrets[credentials]}", "Content-Type": "application/json"}
        answer = ask(method, self.platform.url(service, path), data=data, headers=given | headers)
        self.said.append((answer.status_code, f"{answer.headers} {answer.text}"))
        return answer


def sing(platform: Platform) -> Song:
    """Bring a case the whole way, with every kind of wrong call beside it."""
    song = Song(platform, _secrets(platform))
    case = _invited(song)
    _respond(song, case)
    _careless(song, case)
    people.begin_review(platform, case)
    assert people.complete(platform, case).status_code == 200
    _import(song, case)
    wait_until(lambda: len(mails_about(platform, case)) >= 7, 40)
    return song


def _invited(song: Song) -> people.Case:
    body = scene.supplier()
    body["contacts"][1] |= {"name": PERSONAL["contact's name"], "email": PERSONAL["contact's address"]}
    body["identifiers"] = {"personnr": PERSONAL["person's number"]}
    body["own_numbers"] = [{"region": scene.BUYERS[0], "number": PERSONAL["person's own number"]}]
    key = {"Idempotency-Key": song.secrets["key"]}
    made, again = (song("POST", "suppliers", "/suppliers", body, **key) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 201)
    assert song("POST", "suppliers", "/suppliers", body | {"language": "en"}, **key).status_code == 422
    auditor = {
        "name": PERSONAL["auditor's name"], "kinds": ["factory"], "languages": ["en"], "weekly_capacity": 1,
    }  # fmt: skip
    assert song("PUT", "audits", f"/auditors/{AUDITOR}", auditor).status_code == 201
    reached = {"name": auditor["name"], "email": PERSONAL["auditor's address"], "language": "sv"}
    assert song("PUT", "notifications", f"/recipients/auditor/{AUDITOR}", reached).status_code == 201
    [case] = people.invite(song.platform, [made.json()])
    return case


def _respond(song: Song, case: people.Case) -> None:
    """Follow the mail's link, answer, and submit."""
    [mail] = wait_until(lambda: mails_about(song.platform, case))
    _, invitation, song.secrets["code"] = people.link_in(mail)
    opened = {"invitation_id": invitation, "code": song.secrets["code"]}
    session = ask("POST", song.platform.url("assessments", "/sessions"), json=opened)  # says it, as it must
    song.secrets["session"] = session.json()["token"]
    text = PERSONAL["free text"]
    for answers, status in (
        ({"Q101": text}, 422),
        ({"P01": [text]}, 422),
        (scene.ANSWERS | {"P01": text}, 200),
    ):
        assert (
            song("PUT", "assessments", "/respondent/answers", {"answers": answers}, "session").status_code
            == status
        )
    assert song("POST", "assessments", "/respondent/submission", None, "session").status_code == 200
    assert (
        song("PUT", "assessments", "/respondent/answers", {"answers": {"P01": text}}, "session").status_code
        == 409
    )


def _careless(song: Song, case: people.Case) -> None:
    """Send secrets and people where they do not belong, to every service."""
    refusals = set()
    for service in song.platform.env:
        refusals |= {answer.status_code for answer in (*_anywhere(song, service), *_bodies(song, service))}
    refusals |= {answer.status_code for answer in (*_exchanges(song), *_numbers(song, case))}
    supplier = f"/suppliers/{case.supplier_id}"
    contact = {"name": PERSONAL["contact's name"], "email": PERSONAL["contact's address"]}
    for headers in ({"If-Match": '"0-none"'}, {}):
        change = scene.supplier() | {"contacts": [contact | {"language": "sv", "role": "sales"}]}
        kept = {n: change[n] for n in ("legal_name", "country", "language", "contacts")} | {"identifiers": {}}
        credentials = "token" if headers else "region's token"
        refusals.add(song("PUT", "suppliers", supplier, kept, credentials, **headers).status_code)
    assert refusals >= {400, 401, 403, 404, 405, 409, 412, 415, 422}, refusals
    assert max(refusals) < 500


def _anywhere(song: Song, service: str) -> Iterator[Any]:
    code, session, token = (song.secrets[name] for name in ("code", "session", "token"))
    address = PERSONAL["contact's address"]
    yield song("GET", service, f"/nothing/{code}?code={code}&token={token}&email={address}")
    yield song("GET", service, f"/changes?since={session}&code={code}&q={address}")
    yield song("DELETE", service, f"/{session}")
    yield song("DELETE", service, f"/docs?code={code}")
    yield song("GET", service, "/changes", **{"X-Correlation-ID": f"{code}!", "Cookie": f"session={session}"})
    for credentials in ("tampered token", "expired token", "unsigned token", "no token", "code", "session"):
        yield song("GET", service, "/changes", None, credentials)


def _bodies(song: Song, service: str) -> Iterator[Any]:
    method, path = {
        "suppliers": ("POST", "/suppliers"),
        "assessments": ("POST", "/campaigns"),
        "audits": ("PUT", f"/auditors/{AUDITOR}"),
        "notifications": ("PUT", f"/recipients/auditor/{AUDITOR}"),
    }[service]
    everything = PERSONAL | song.secrets
    yield song(method, service, path, everything)
    yield _named_by_values(song, method, service, path)
    yield song(
        method, service, path, {"name": everything, "email": [*PERSONAL.values()], "contacts": [everything]}
    )
    yield song(method, service, path, json.dumps(everything)[:-1])
    yield song(method, service, path, json.dumps(everything), **{"Content-Type": "text/plain"})
    yield song(method, service, path, everything, "region's token")


def _named_by_values(song: Song, *request: str) -> Any:
    """A body with secrets as names: pointers tell its sender, and nobody else, which names are unknown."""
    answer = song(*request, dict.fromkeys((PERSONAL | song.secrets).values(), ""))
    song.said.pop()
    return answer


def _exchanges(song: Song) -> Iterator[Any]:
    code = song.secrets["code"]
    yield song("POST", "assessments", "/sessions", {"invitation_id": NOBODY, "code": code})
    yield song("POST", "assessments", "/sessions", {"invitation_id": code, "code": [code]})
    yield song("POST", "assessments", "/sessions", '{"code": "' + code)
    yield song("GET", "assessments", f"/respond?code={code}")
    yield song("GET", "assessments", f"/respondent/assessment?token={song.secrets['session']}", None, "code")
    yield song("GET", "assessments", f"/respond/{code}")


def _numbers(song: Song, case: people.Case) -> Iterator[Any]:
    """Search for, look up, register once more and take away persons' numbers."""
    number, own = PERSONAL["person's number"], PERSONAL["person's own number"]
    for text in (number, own):
        for query in (f"name={text}", f"identifier=orgnr:{text}"):
            yield song("GET", "suppliers", f"/suppliers?{query}")
    yield song("POST", "suppliers", "/suppliers/lookup", {"scheme": "personnr", "numbers": [number, own]})
    registered = {"region": scene.BUYERS[0], "number": own}
    for held in ({"identifiers": {"personnr": number}}, {"own_numbers": [registered]}):
        yield song("POST", "suppliers", "/suppliers", scene.supplier() | held)
    path, removal = f"/suppliers/{case.supplier_id}/own-numbers/removal", registered | {"reason": "Fel"}
    yield song("POST", "suppliers", path, removal, **{"If-Match": '"0-none"'})
    yield song("POST", "suppliers", path, removal | {"number": number}, **{"If-Match": "*"})


def _import(song: Song, case: people.Case) -> None:
    """Import suppliers, contacts, and some that are refused; read the report in both forms."""
    head, region = "region,own_number,", scene.BUYERS[0]
    number, own = PERSONAL["person's number"], PERSONAL["person's own number"]
    new, known = f"{region},K-{_WORD}", f"{region},{own}"
    rejected = f"{PERSONAL['rejected name']},{PERSONAL['rejected address']},sv,sales"
    files = {
        "suppliers": f"{head}personnr,legal_name,country,language\n"
        f"{new},,Import AB,SE,sv\n"
        f"{known},,{case.supplier['legal_name']},SE,sv\n"
        f"{new},{number},Import AB,SE,sv\n",  # two suppliers'
        "contacts": f"{head}name,email,language,role\n"
        f"{new},{PERSONAL['imported name']},{PERSONAL['imported address']},sv,sales\n"
        f"{new},{rejected}\n"
        f"{known},{rejected}\n",
    }
    for kind, text in files.items():
        answer = song("POST", "suppliers", f"/imports?kind={kind}", text, **{"Content-Type": "text/csv"})
        assert answer.status_code == 202, answer.text
        path = f"/imports/{answer.json()['import_id']}"
        wait_until(lambda path=path: song.platform.get("suppliers", path)["state"] in {"done", "failed"})
        report = song.platform.get("suppliers", path)
        assert report["state"] == "done", report
        assert report["rows_rejected"] == {"suppliers": 1, "contacts": 2}[kind], report
        for accept in ("application/json", "text/csv"):
            rows = song("GET", "suppliers", f"{path}/rows?state=rejected", Accept=accept)
            song.said.append((400, rows.text))  # what it says of a refused row is a refusal
