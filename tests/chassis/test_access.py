"""Who may what: scopes at the door, reach at each thing, and no word about what is out of reach."""

from __future__ import annotations

import json
from functools import partial

import pytest

from chassis import access
from chassis.config import ConfigError
from chassis.errors import Forbidden, NotFound, Unauthorized
from tests.callers import caller
from tests.chassis import seam
from tests.chassis.seam import told
from tests.tokens import OURS

NOBODY = {"Authorization": None}
# What is another in each answer whatever is asked for; `Ratelimit` counts the caller's requests
BY_REQUEST = {"x-correlation-id", "date", "ratelimit"}
STOCKHOLM, SCANIA = OURS.bearer("region", region="01"), OURS.bearer("region", region="12")


@pytest.fixture
def send(platform, live_things):
    live_things.ask("INSERT INTO item (name, region) VALUES ('ours', '01'), ('theirs', '12')")
    return partial(seam.send, platform)


def test_a_scope_is_demanded_and_public_and_session_are_none():
    office, region = caller("national_office"), caller("region", region="01")
    access.demand(office, "categories:write")
    for scope in (access.PUBLIC, access.SESSION):
        access.demand(access.ANONYMOUS, scope)
        access.demand(region, scope)
    with pytest.raises(Forbidden, match="categories:write"):
        access.demand(region, "categories:write")
    with pytest.raises(Forbidden, match="no:such"):
        access.demand(office, "no:such")
    with pytest.raises(Unauthorized):
        access.demand(access.ANONYMOUS, "categories:read")


@pytest.mark.parametrize(
    ("role", "claims", "owners", "is_reached"),
    [
        ("national_office", {}, {"region": {"01"}}, True),
        ("national_office", {}, {"region": set()}, True),
        ("region", {"region": "01"}, {"region": {"01", "12"}}, True),
        ("region", {"region": "01"}, {"region": ["12"]}, False),
        ("region", {"region": "01"}, {"region": set()}, False),
        ("region", {"region": "01"}, {"region": {"1", "010"}}, False),
        ("region", {"region": "01"}, {"area": {"01"}}, False),
        ("region", {"region": "01"}, {"region": {"12"}, "area": {"01"}}, False),
        ("region", {"region": "01"}, {}, True),
        ("area_coordinator", {"area": "C"}, {"region": {"01"}, "area": {"C"}}, True),
        ("area_coordinator", {"area": "C"}, {"region": {"C"}, "area": {"D"}}, False),
    ],
)
def test_a_thing_is_within_reach_by_the_callers_own_claim_only(role, claims, owners, is_reached):
    actor = caller(role, **claims)
    assert actor.reaches(owners) == is_reached
    if is_reached:
        access.admit(actor, owners)
        access.require(actor, owners, "A contract")
        return
    with pytest.raises(NotFound):
        access.admit(actor, owners)
    with pytest.raises(Forbidden, match=r"^A contract would be outside what you may write\.$"):
        access.require(actor, owners, "A contract")


def test_what_is_not_there_is_out_of_everybodys_reach_in_the_same_words():
    refusals = []
    for actor, owners in [
        (caller("national_office"), None),
        (caller("region", region="01"), None),
        (caller("region", region="01"), {"region": {"12"}}),
    ]:
        with pytest.raises(NotFound) as refused:
            access.admit(actor, owners)
        refusals.append(refused.value.detail)
    assert len(set(refusals)) == 1


def test_a_list_is_limited_by_what_limits_the_caller():
    assert caller("region", region="01").limited_to("region") == "01"
    assert caller("region", region="01").limited_to("area") is None
    assert caller("national_office").limited_to("region") is None


def test_without_a_token_it_is_401_with_a_challenge_and_what_is_public_is_open(send):
    answer = send("GET", "/items/ours", None, NOBODY)
    assert told(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="kedja"'
    assert send("GET", "/page", None, NOBODY).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer", "Basic eDp4", "Bearer a.b.c", "bearer \u00e5".encode()]
)
def test_a_token_that_is_none_is_401_also_where_it_is_public(send, header):
    for path in ("/items/ours", "/page"):
        answer = send("GET", path, None, {"Authorization": header})
        assert told(answer) == (401, "unauthorized")
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="kedja"')
        assert ("error=" in challenge) == (header != "Basic eDp4")  # that is no attempt with a token


def test_a_known_caller_without_the_scope_is_403_and_learns_which_it_needs(send):
    for token in (OURS.bearer("region", "suppliers:read", region="01"), OURS.bearer("operations")):
        answer = send("POST", "/things", {"name": "x"}, {**token, seam.KEY: "k"})
        assert told(answer) == (403, "forbidden")
        assert "suppliers:write" in answer.json()["detail"]
        assert "WWW-Authenticate" not in answer.headers


def test_a_token_gives_no_scope_that_its_role_may_not_hold(send):
    greedy = OURS.bearer(
        "auditor", "suppliers:read suppliers:write", auditor_id="0" * 8 + "-0000" * 3 + "-" + "0" * 12
    )
    assert told(send("GET", "/items/ours", None, greedy)) == (403, "forbidden")


def test_who_may_not_is_refused_before_anything_that_is_wrong_with_the_request(send):
    """Nobody learns what a request must look like, or what is there, by trying without a right to."""
    for headers, status in [(NOBODY, 401), (OURS.bearer("operations"), 403)]:
        for path in ("/items/ours", "/items/nothing"):
            assert send("PUT", path, {"wrong": 1}, headers).status_code == status
        assert send("GET", "/items?limit=x", None, headers).status_code == status
        assert send("GET", "/items", None, {**headers, "Accept": "image/png"}).status_code == status
        assert send("POST", "/items", {"wrong": 1}, headers).status_code == status


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/owned/{}"), ("POST", "/owned/{}/touch"), ("HEAD", "/owned/{}")]
)
def test_what_is_out_of_reach_looks_as_if_it_were_not_there_byte_for_byte(send, method, path):
    answers = [send(method, path.format(name), None, STOCKHOLM) for name in ("theirs", "nothing")]
    seen = [
        {
            "status": answer.status_code,
            "reason": answer.reason,
            "body": answer.content,
            "headers": {k: v for k, v in answer.headers.items() if k.lower() not in BY_REQUEST},
        }
        for answer in answers
    ]
    assert seen[0] == seen[1]
    assert seen[0]["status"] == 404
    # and it is there, for those whose it is
    assert send(method, path.format("theirs"), None, SCANIA).status_code == 200
    assert send(method, path.format("theirs")).status_code == 200
    assert send(method, path.format("ours"), None, STOCKHOLM).status_code == 200


def test_what_somebody_has_seen_elsewhere_of_what_is_out_of_reach_opens_nothing(send):
    theirs = send("GET", "/owned/theirs", None, SCANIA)
    answer = send("GET", "/owned/theirs", None, {**STOCKHOLM, "If-None-Match": theirs.headers["ETag"]})
    assert told(answer) == (404, "not-found")


def rules(**changes):
    """An access.toml with one role more."""
    table = {"about": "x", "view": "internal", "scopes": ["things:read"], **changes}
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items() if value is not None]
    return (
        '[scopes]\n"things:read" = "Read"\n'
        '[roles.public]\nabout = "x"\nview = "public"\nscopes = []\n[roles.one]\n' + "\n".join(lines)
    )


def test_the_rules_of_an_installation_are_read(tmp_path):
    file = tmp_path / "access.toml"
    file.write_text(rules(claim="plant", pattern="[a-z]+"))
    role = access.load(file).roles["one"]
    assert (role.scopes, role.claim, role.view) == (frozenset({"things:read"}), "plant", "internal")
    assert [role.admits(value) for value in ("a", "A", "a1", "a\n", "", "å", 1, None, ["a"])] == [True] + [
        False
    ] * 8


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[scopes", "cannot be read"),
        ("", "needs the tables"),
        (rules().replace("[roles.public]", "[roles.other]"), "role public is missing"),
        (rules() + "\n[more]\n", "there is no table more"),
        (rules(scopes=["things:write"]), "role one: things:write is no scope"),
        (rules(scopes="things:read"), "role one: scopes is a list"),
        (rules(view="all"), "role one: view is one of"),
        (rules(about=None), "role one: about is missing"),
        (rules(colour="red"), "role one: colour means nothing"),
        (rules(claim="plant"), "role one: claim and pattern belong together"),
        (rules(claim="plant", pattern="["), "role one: claim is a name, pattern a regular expression"),
        (rules().replace("things:read", "Things"), "scope Things: a name like"),
    ],
)
def test_rules_that_are_wrong_are_refused_by_name(tmp_path, text, fault):
    file = tmp_path / "access.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"access.toml.*{fault}"):
        access.load(file)


def test_every_fault_of_the_rules_is_named_at_once(tmp_path):
    file = tmp_path / "access.toml"
    file.write_text(rules(view="all", colour="red", scopes=["x"]))
    with pytest.raises(ConfigError) as refused:
        access.load(file)
    assert str(refused.value).count("role one: ") == 3
