"""The client in docs/api.md, against answers that come seldom: what it waits for, and what it does not."""

from __future__ import annotations

import time

import pytest
import requests

from tests.contracts.test_api_walkthrough import BLOCKS

CLIENT = next(text for _, text in BLOCKS if text.startswith("# kedja.py"))
GONE = (requests.ReadTimeout, requests.ConnectTimeout, requests.ConnectionError)


def answer(status, **headers):
    """Return an answer as `requests` does."""
    made = requests.Response()
    made.status_code, made._content = status, b'{"title": "Title", "detail": "Detail."}'
    made.headers.update({"X-Correlation-ID": "c", **headers})
    return made


@pytest.fixture
def client(monkeypatch):
    """`client(*answers)` is a client that gets these, each once, and the keys with which it asked."""
    monkeypatch.setenv("BASE", "http://kedja.example")
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    module = {}
    exec(compile(CLIENT, "kedja.py", "exec"), module)  # noqa: S102  the page's own text

    def make(*answers):
        left, keys = list(answers), []

        def request(session, method, url, headers, **rest):
            keys.append(headers.get("Idempotency-Key"))
            following = left.pop(0)
            if isinstance(following, requests.Response):
                return following
            raise following

        monkeypatch.setattr(requests.Session, "request", request)
        return module["Kedja"](), keys, module["Refused"]

    return make


def test_it_asks_again_with_the_same_key_after_whatever_may_pass(client):
    waits = [answer(409, **{"Retry-After": "1"}), answer(503, **{"Retry-After": "5"}), answer(504)]
    kedja, keys, _ = client(*(gone() for gone in GONE), *waits, answer(201))
    assert kedja.call("POST", "/x").status_code == 201
    assert (len(keys), len(set(keys))) == (7, 1)


def test_what_only_a_person_can_mend_is_told_at_once(client):
    for status in (400, 403, 409, 412, 422):
        kedja, keys, refused = client(answer(status))
        with pytest.raises(refused):
            kedja.call("POST", "/x")
        assert len(keys) == 1
