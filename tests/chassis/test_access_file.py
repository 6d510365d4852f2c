"""access.toml: whoever edits it hears of every mistake at once, and the services do not start."""

from __future__ import annotations

import pytest

from chassis import access
from chassis.config import ConfigError

_GOOD = """
[scopes]
"things:read" = "Read things"
[roles.keeper]
about = "Keeps things"
scopes = ["things:read"]
claim = "house"
pattern = "[a-z]"
view = "internal"
[roles.public]
about = "Anybody"
scopes = []
view = "public"
"""


def read(tmp_path, text):
    file = tmp_path / "access.toml"
    file.write_text(text, encoding="utf-8")
    return access.load(file)


def test_roles_have_scopes_a_claim_and_its_form(tmp_path):
    role = read(tmp_path, _GOOD).roles["keeper"]
    assert (role.scopes, role.claim, role.view) == ({"things:read"}, "house", "internal")
    assert role.admits("a")
    assert not any(role.admits(value) for value in ("ab", "a\n", "å", "", None, 1, ["a"]))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[roles.public]", "[roles.anybody]", "role public is missing"),
        ('"things:read" =', '"Things" =', "scope Things: a name like things:read"),
        ('"Read things"', '""', "scope things:read: a name like"),
        ('scopes = ["things:read"]', 'scopes = ["things:write"]', "role keeper: things:write is no scope"),
        ('scopes = ["things:read"]', 'scopes = "things:read"', "role keeper: scopes is a list"),
        ('claim = "house"\n', "", "role keeper: claim and pattern belong together"),
        ('"[a-z]"', '"[a-z"', "role keeper: claim is a name, pattern a regular expression"),
        ('"internal"', '"everything"', "role keeper: view is one of internal, regions, public"),
        ('about = "Keeps things"', 'abuot = "Keeps things"', "role keeper: abuot means nothing"),
        ("[roles.keeper]", "[roles]\nking = 1\n[roles.keeper]", "role king: is no table"),
        ("[scopes]", "x = 1\n[scopes]", "there is no table x"),
        ("[scopes]", "[scope]", "it needs the tables [scopes] and"),
        ("[scopes]", "[scopes", "access.toml cannot be read"),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, said):
    assert old in _GOOD
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, _GOOD.replace(old, new, 1))
    assert said in str(refused.value)


def test_all_mistakes_are_named_at_once(tmp_path):
    wrong = _GOOD.replace('"internal"', '"x"').replace('"[a-z]"', '"("').replace('"Read things"', '""')
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, wrong)
    assert str(refused.value).count(";") == 2


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        access.load(tmp_path / "none.toml")
