"""`kedja audit-trail` finds whatever is done to what was sealed, and says where; it erases what it must."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from marshmallow import Schema, fields

from chassis import chain, cli_trail, sealer, trail
from chassis.cli_trail import audit_trail
from tests.chassis.deceits import DECEIT, LOOKS, NO_POLICY, NO_VIEW, POLICY, VIEW
from tests.chassis.feeds import seal_all, write

FAULTY = 1


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch, dsn):
    monkeypatch.setattr(chain, "CHUNK", 3)
    monkeypatch.setattr(sealer, "GATHER_SECONDS", 0.001)
    monkeypatch.setattr(cli_trail, "dsn_of", lambda service: dsn)


@pytest.fixture
def sealed(db):
    """Ten entries."""
    write(db, *(f"t{n}" for n in range(1, 11)))
    seal_all(db)


def verify(*arguments):
    """Run it: (exit status, lines that name faults, the last line)."""
    done = CliRunner().invoke(audit_trail, ["verify", "suppliers", *arguments])
    faults = [line.removeprefix("suppliers: ") for line in done.stderr.splitlines()]
    return done.exit_code, faults[:-1], done.stdout.splitlines()[-1:]


def head_of(*arguments):
    status, faults, [last] = verify(*arguments)
    assert (status, faults) == (0, [])
    return last.rpartition(" ")[2]


def records(things):
    """Return (seq, the text of its hash) of what is sealed, as somebody would who knows how."""
    asked = chain.queries.sealed_records.sql.strip().rstrip(";")
    statement = f"SELECT seq, record FROM ({asked}) AS sealed"  # noqa: S608
    return things.ask(statement, after=0, last=10**9, limit=10**9)


def seal_again(things):
    """Make the whole chain anew, as somebody would who may write to the database and knows how."""
    previous = bytes(32)
    for seq, record in records(things):
        made = sealer.link(previous, seq, record)
        things.ask(
            "UPDATE audit_trail SET previous_hash = %(previous)s, hash = %(made)s WHERE seq = %(seq)s",
            previous=previous,
            made=made,
            seq=seq,
        )
        previous = made
    things.ask("UPDATE seal SET hash = %(previous)s WHERE feed = 'audit_trail'", previous=previous)


def test_an_untouched_trail_is_intact_and_its_head_is_printed(sealed, db, things):
    head = head_of()
    [last] = things.ask("SELECT seq || ':' || encode(hash, 'hex') FROM audit_trail WHERE seq = 10")
    assert head == last
    write(db, "later")
    assert verify("--expect", head)[0] == 0
    seal_all(db)
    assert head_of("--expect", head).startswith("11:")


def test_an_empty_trail_is_intact():
    assert head_of() == "0:" + "00" * 32


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor_subject = 'somebody else'",
        "actor_client = ''",
        "actor_role = 'region'",
        "action = 'changed'",
        "resource = 'seat'",
        "resource_id = 't4'",
        "before = '{}'",
        "before = 'null'",
        """after = '{"name": "T5"}'""",
        "after = NULL",
        """personal = '{"/after/name": "x"}'""",
        "correlation_id = 'x'",
        "id = id + 1000",
        "hash = sha256('x')",
    ],
)
def test_a_changed_field_is_found(sealed, things, change):
    things.ask(f"UPDATE audit_trail SET {change} WHERE seq = 5")  # noqa: S608
    status, faults, _ = verify()
    assert (status, faults[0]) == (FAULTY, "entry 5 is not what was sealed")


def test_a_changed_link_is_found(sealed, things):
    things.ask("UPDATE audit_trail SET previous_hash = sha256('x') WHERE seq = 5")
    assert verify()[:2] == (
        FAULTY,
        ["entry 5 does not follow the one before it", "entry 5 is not what was sealed"],
    )


def test_an_entry_that_was_sealed_anew_does_not_fit_the_next(sealed, things):
    things.ask("""UPDATE audit_trail SET after = '{"name": "T5"}' WHERE seq = 5""")
    [previous] = things.ask("SELECT previous_hash FROM audit_trail WHERE seq = 5")
    record = dict(records(things))[5]
    made = sealer.link(bytes(previous), 5, record)
    things.ask("UPDATE audit_trail SET hash = %(made)s WHERE seq = 5", made=made)
    assert verify()[:2] == (FAULTY, ["entry 6 does not follow the one before it"])


@pytest.mark.parametrize(
    ("removed", "told"),
    [
        ("seq = 1", "entry 1 is missing"),
        ("seq IN (4, 5, 6, 7)", "entries 4 to 7 are missing"),
        ("seq > 8", "entries 9 to 10 are missing, at the end"),
        ("seq IS NOT NULL", "entries 1 to 10 are missing, at the end"),
    ],
)
def test_removed_entries_are_found(sealed, things, removed, told):
    things.ask(f"DELETE FROM audit_trail WHERE {removed}")  # noqa: S608
    assert verify()[:2] == (FAULTY, [told])


def test_a_removed_entry_is_found_also_if_those_after_it_are_numbered_anew(sealed, things):
    things.ask("DELETE FROM audit_trail WHERE seq = 5")
    for seq in range(6, 11):
        things.ask("UPDATE audit_trail SET seq = seq - 1 WHERE seq = %(seq)s", seq=seq)
    status, faults, _ = verify()
    assert status == FAULTY
    assert "entry 5 is not what was sealed" in faults
    assert faults[-1] == "entry 10 is missing, at the end"


def test_a_cut_off_end_is_found_also_after_the_service_has_written_on(sealed, db, things):
    things.ask("DELETE FROM audit_trail WHERE seq > 8")
    write(db, "after")
    seal_all(db)
    assert verify()[:2] == (FAULTY, ["entries 9 to 10 are missing"])


def test_an_inserted_entry_is_found(sealed, things):
    for seq in range(10, 5, -1):
        things.ask("UPDATE audit_trail SET seq = seq + 1 WHERE seq = %(seq)s", seq=seq)
    things.ask(
        "INSERT INTO audit_trail (seq, at, action, resource, resource_id, previous_hash, hash)"
        " SELECT 6, now(), 'changed', 'thing', 'x', hash, sha256('x') FROM audit_trail WHERE seq = 5"
    )
    status, faults, _ = verify()
    assert (status, faults[0]) == (FAULTY, "entry 6 is not what was sealed")
    assert faults[-1] == "entries after 10 were not sealed by the service"


def test_an_entry_appended_past_the_sealer_is_found(sealed, things):
    [previous] = things.ask("SELECT hash FROM audit_trail WHERE seq = 10")
    things.ask(
        "INSERT INTO audit_trail (seq, at, action, resource, resource_id, previous_hash, hash)"
        " VALUES (11, now(), 'changed', 'thing', 'x', %(previous)s, '')",
        previous=previous,
    )
    record = dict(records(things))[11]
    made = sealer.link(bytes(previous), 11, record)
    things.ask("UPDATE audit_trail SET hash = %(made)s WHERE seq = 11", made=made)
    assert verify()[:2] == (FAULTY, ["entries after 10 were not sealed by the service"])


def test_exchanged_entries_are_found(sealed, things):
    for seq, other in ((4, 1000), (7, 4), (1000, 7)):
        things.ask("UPDATE audit_trail SET seq = %(other)s WHERE seq = %(seq)s", seq=seq, other=other)
    status, faults, _ = verify()
    assert status == FAULTY
    assert {"entry 4 is not what was sealed", "entry 7 is not what was sealed"} <= set(faults)


def test_a_chain_made_anew_as_a_whole_is_found_by_what_was_noted_elsewhere(sealed, things):
    head = head_of()
    things.ask("""UPDATE audit_trail SET after = '{"name": "T5"}' WHERE seq = 5""")
    seal_again(things)
    assert verify()[0] == 0
    assert verify("--expect", head)[:2] == (FAULTY, ["entry 10 has another hash than was expected"])


def test_an_end_cut_off_together_with_the_sealers_note_is_found_by_what_was_noted_elsewhere(sealed, things):
    head = head_of()
    things.ask("DELETE FROM audit_trail WHERE seq > 8")
    things.ask(
        "UPDATE seal SET seq = 8, hash = (SELECT hash FROM audit_trail WHERE seq = 8) WHERE hash <> ''"
    )
    assert verify()[0] == 0
    assert verify("--expect", head)[:2] == (FAULTY, ["entry 10, which was expected, is missing"])


def test_a_view_that_gives_the_old_text_of_a_changed_entry_deceives_nobody(sealed, things):
    """As it was until a release: the text that is hashed came from a view in the database that is checked."""
    head = head_of()
    things.ask(DECEIT)
    things.ask("UPDATE audit_trail SET actor_subject = 'somebody else' WHERE seq = 5")
    try:
        assert verify("--expect", head)[:2] == (FAULTY, ["entry 5 is not what was sealed"])
    finally:
        things.ask("DROP VIEW audit_record; DROP TABLE kept_record")


@pytest.mark.parametrize(("made", "undone"), [(VIEW, NO_VIEW), (POLICY, NO_POLICY)])
def test_what_stands_before_the_table_and_could_show_something_else_is_found(sealed, things, made, undone):
    things.ask(made)
    try:
        told = "audit_trail_sealed is no plain table of ours: what it shows is worth nothing"
        assert verify()[:2] == (FAULTY, [told])
    finally:
        things.ask(undone)
    assert verify()[0] == 0


def test_a_function_of_the_same_name_deceives_nobody(sealed, things):
    """A role may be told to look in its own schema before PostgreSQL's."""
    things.ask(
        'CREATE FUNCTION jsonb_build_array(VARIADIC "any") RETURNS jsonb'
        " LANGUAGE internal IMMUTABLE AS 'jsonb_build_object'"
    )
    things.ask(LOOKS)
    try:
        assert verify()[0] == 0
    finally:
        things.ask(LOOKS.replace("SET search_path = public, pg_catalog", "RESET search_path"))
        things.ask('DROP FUNCTION public.jsonb_build_array(VARIADIC "any")')


def test_a_changed_note_of_the_sealers_is_found(sealed, things):
    things.ask("UPDATE seal SET hash = sha256('x') WHERE feed = 'audit_trail'")
    assert verify()[:2] == (FAULTY, ["entry 10, the last, has another hash than the sealer's own note of it"])


def test_salts_may_come_and_go(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "thing", "x", None, {"a": 1})
    seal_all(db)
    things.ask("INSERT INTO trail_salt (resource, resource_id) VALUES ('thing', 'x')")
    assert verify()[0] == 0
    things.ask("UPDATE trail_salt SET salt = 'x'")
    assert verify()[0] == 0


class Person(Schema):
    """Somebody in the trail."""

    name = fields.String(metadata={"personal": True})


def test_what_an_operator_erases_is_that_things_only_and_the_chain_still_holds(db, things, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "an operator")
    with db.transaction() as tx:
        for name in ("region/01", "region/12"):
            trail.wrote(tx, "recipient", name, None, {"name": "Kim"}, schema=Person)
    seal_all(db)
    for status, told in (
        (0, "suppliers: erased from the trail: recipient region/01"),
        (1, "suppliers: the trail holds nothing personal of recipient region/01"),
    ):
        done = CliRunner().invoke(audit_trail, ["forget", "suppliers", "recipient", "region/01"])
        assert (done.exit_code, done.output.strip()) == (status, told)
    seal_all(db)
    assert things.ask(
        "SELECT seq, actor_subject, actor_client, actor_role, action, resource, resource_id,"
        " before, after, personal FROM audit_trail WHERE seq > 2"
    ) == [(3, "an operator", "kedja", "operations", "erased", "recipient", "region/01", None, None, None)]
    with db.transaction() as tx:
        assert trail.hash_of(tx, "recipient", "region/01", "Kim") is None
        assert trail.hash_of(tx, "recipient", "region/12", "Kim")
    assert verify()[0] == 0


@pytest.mark.parametrize("text", ["10", "10:", "x:00", "10:zz", "0:" + "00" * 32, "10:00"])
def test_an_anchor_that_is_none_is_refused(sealed, text):
    done = CliRunner().invoke(audit_trail, ["verify", "suppliers", "--expect", text])
    assert done.exit_code == 2
    assert "is not SEQ:HASH" in done.stderr
