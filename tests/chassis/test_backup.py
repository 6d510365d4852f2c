"""Backup and restore of a database: whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from contextlib import closing, contextmanager

import pytest

from chassis import backup, changes, config, losses, migrate, postgres, restore, sealer, trail
from chassis.chain import Walk
from chassis.changes import Position
from chassis.db import Database, connect
from chassis.errors import Conflict
from chassis.resync import Projection
from tests.backbone import wait_until
from tests.chassis import feeds
from tests.chassis.bench import emit


@pytest.fixture
def home(empty_dsn):
    """A migrated database of the test's own, with a thing and an event in it."""
    migrate.migrate(empty_dsn, "things")
    write(empty_dsn, "before")
    return empty_dsn


def write(dsn, name):
    with closing(connect(dsn)) as conn, conn, conn.cursor() as cursor:
        cursor.execute("INSERT INTO thing (name, times) VALUES (%s, 1)", [name])


def ask(dsn, statement):
    with closing(connect(dsn)) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def things(dsn, schema="public"):
    return [name for (name,) in ask(dsn, f"SELECT name FROM {schema}.thing ORDER BY name")]  # noqa: S608


@pytest.fixture
def taken(home, tmp_path):
    """A backup of it."""
    backup.backup({"things": home}, tmp_path / "backup")
    return tmp_path / "backup"


def test_a_backup_says_when_what_and_of_which_versions(home, taken):
    entry = backup.read(taken, "things")
    assert entry["migrations"] == [name for name, _ in migrate.files("things")]
    assert (entry["file"], entry["epoch"]) == ("things.dump", 0)
    assert entry["bytes"] == (taken / "things.dump").stat().st_size
    assert entry["postgresql"] == ask(home, "SHOW server_version")[0][0]
    assert {oct(path.stat().st_mode & 0o777) for path in taken.iterdir()} == {"0o600"}
    assert oct(taken.stat().st_mode & 0o777) == "0o700"


def test_a_restore_puts_back_what_was_keeps_what_is_beside_it_and_can_be_done_again(home, taken):
    write(home, "after")
    before = things(home)
    kept = restore.restore("things", home, taken)
    assert (things(home), things(home, kept)) == (["before"], before)
    assert ask(home, "SELECT count(*) FROM inbox") == [(0,)]


def test_what_a_restored_service_tells_is_newer_than_all_that_it_ever_told(home, taken):
    database = Database(home, 1)
    versions = []
    for _ in range(2):
        emit(database, "a", "a")
        versions.append(ask(home, "SELECT version FROM subject_version")[0][0])
        database.close()
        restore.restore("things", home, taken)
    emit(database, "a")
    versions.append(ask(home, "SELECT version FROM subject_version")[0][0])
    database.close()
    assert versions == sorted(set(versions))
    epochs = [version >> 40 for version in versions]
    assert epochs[0] == 0
    assert epochs[2] == epochs[1] + 1
    assert [version & (2**40 - 1) for version in versions] == [2, 2, 1]


def test_a_lost_database_comes_back_under_an_epoch_above_those_that_nobody_remembers(home, taken):
    database = Database(home, 1)
    restore.restore("things", home, taken)
    emit(database, "a")
    [(lost,)] = ask(home, "SELECT version FROM subject_version")
    database.close()
    with closing(connect(home)) as conn, conn, conn.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    restore.restore("things", home, taken)
    [(epoch,)] = ask(home, "SELECT epoch FROM epoch")
    assert (things(home), epoch >= lost >> 40) == (["before"], True)


def test_what_postgresql_was_extended_by_is_there_again_also_in_a_lost_database(home, tmp_path):
    with closing(connect(home)) as conn, conn, conn.cursor() as cursor:
        cursor.execute("CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm WITH SCHEMA extensions")
        cursor.execute("CREATE INDEX near ON thing USING gin (name extensions.gin_trgm_ops)")
    backup.backup({"things": home}, tmp_path / "backup")
    for lost in (False, False, True):
        if lost:
            with closing(connect(home)) as conn, conn, conn.cursor() as cursor:
                cursor.execute("DROP SCHEMA public, extensions CASCADE; CREATE SCHEMA public")
        restore.restore("things", home, tmp_path / "backup")
        assert ask(home, "SELECT extensions.similarity(name, 'befor') > 0.5 FROM thing") == [(True,)]
        assert ask(
            home, "SELECT count(*) FROM pg_indexes WHERE (schemaname, indexname) = ('public', 'near')"
        ) == [(1,)]


def test_a_database_in_use_is_left_alone(home, taken):
    write(home, "after")
    with (
        closing(connect(home)),
        pytest.raises(restore.RestoreError, match="1 sessions use the database of things"),
    ):
        restore.restore("things", home, taken)
    assert things(home) == ["after", "before"]


def test_a_restore_that_fails_at_its_end_has_changed_nothing(home, taken, monkeypatch):
    write(home, "after")
    monkeypatch.setattr(restore, "_raise_epoch", lambda _conn: "SELECT 1/0")
    with pytest.raises(postgres.ProgramError, match=r"psql failed: .*division by zero"):
        restore.restore("things", home, taken)
    assert things(home) == ["after", "before"]
    assert ask(home, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before%'") == []


def test_half_a_backup_is_never_taken_for_a_whole_one(home, tmp_path, monkeypatch):
    away = "postgresql://nobody:secret@127.0.0.1:1/nothing"
    with pytest.raises(Exception, match="refused"):
        backup.backup({"things": home, "others": away}, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "backup").mkdir()
    with pytest.raises(backup.BackupError, match=r"there is no manifest\.json in it"):
        backup.read(tmp_path / "backup", "things")
    (tmp_path / "backup").rmdir()
    backup.backup({"things": home}, tmp_path / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup"]


def test_of_two_backups_into_one_folder_at_the_same_time_one_is_whole_and_the_other_refused(home, tmp_path):
    outcomes = []

    def take():
        try:
            outcomes.append(backup.backup({"things": home}, tmp_path / "backup"))
        except backup.BackupError as fault:
            outcomes.append(fault)

    with lock(home, "thing"):  # both stand before the same table: neither is through before the other begins
        both = [threading.Thread(target=take) for _ in range(2)]
        for each in both:
            each.start()
        wait_until(lambda: ask(home, _WAITING)[0] == (2,))
    for each in both:
        each.join(30)
    assert sum(isinstance(outcome, backup.BackupError) for outcome in outcomes) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    assert backup.read(tmp_path / "backup", "things")["file"] == "things.dump"


_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'"
)


@contextmanager
def lock(dsn, table):
    with closing(connect(dsn)) as conn, conn.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()


def keeps(*others):
    """What each service keeps of the tests' own one."""
    return {"things": (), **{name: (Projection("things", "known", ("name",)),) for name in others}}


def test_a_report_says_who_can_not_be_asked_goes_on_and_can_be_had_again(home, taken):
    write(home, "after")
    kept = restore.restore("things", home, taken)
    dsns = {"things": home, "empty": home, "away": "postgresql://x:y@127.0.0.1:1/z"}

    def dsn_of(service):
        if service not in dsns:
            raise config.ConfigError(f"DATABASE_URL of {service} is not set")
        return dsns[service]

    for _ in range(2):
        lines = list(losses.report("things", kept, keeps("away", "empty", "unset"), dsn_of))
        assert lines[:2] == ["thing: 1 gone; cannot come back by itself", "    gone name=after"]
        assert [line.partition(" cannot be asked")[0] for line in lines[2:]] == ["away", "empty", "unset"]
        for reason, line in zip(
            ["refused", 'relation "known" does not exist', "not set"], lines[2:], strict=True
        ):
            assert reason in line
    with pytest.raises(losses.ReportError, match=f"no schema nonesuch from before a restore; it has: {kept}"):
        list(losses.report("things", "nonesuch", keeps(), dsn_of))


def test_what_is_damaged_unknown_or_newer_is_refused_with_a_reason(home, taken):
    with pytest.raises(backup.BackupError, match="is there already"):
        backup.backup({"things": home}, taken)
    (taken.parent / "file").touch()
    with pytest.raises(backup.BackupError, match=r"could not be written: .*File exists"):
        backup.backup({"things": home}, taken.parent / "file" / "backup")
    with pytest.raises(backup.BackupError, match="has no backup of audits; it has: things"):
        backup.read(taken, "audits")
    manifest = json.loads((taken / "manifest.json").read_text())
    newer = json.loads(json.dumps(manifest))
    newer["services"]["things"]["migrations"].append("things/0099_later")
    (taken / "manifest.json").write_text(json.dumps(newer))
    with pytest.raises(restore.RestoreError, match="newer version, with things/0099_later"):
        restore.restore("things", home, taken)
    (taken / "manifest.json").write_text(json.dumps(manifest))
    with (taken / "things.dump").open("r+b") as dump:
        dump.seek(-1, os.SEEK_END)
        dump.write(b"?")
    with pytest.raises(backup.BackupError, match="is damaged"):
        restore.restore("things", home, taken)
    assert things(home) == ["before"]


def test_a_program_that_is_missing_is_named_and_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        postgres.ProgramError, match="pg_dump is not installed here: on Debian, `apt-get install"
    ):
        postgres.program("pg_dump")
    folder = tmp_path / "9" / "bin"
    for number in ("9", "15"):
        folder = tmp_path / number / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").touch()
    assert postgres.program("pg_dump") == str(folder / "pg_dump")


def test_a_restored_trail_is_intact_and_the_report_says_what_of_it_and_which_erasures_are_gone(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(sealer, "GATHER_SECONDS", 0.001)
    with closing(Database(home, 1)) as database:
        feeds.write(database, "kept")
        with database.transaction() as tx, tx.cursor() as cursor:
            cursor.execute("INSERT INTO trail_salt (resource, resource_id) VALUES ('thing', 'kept')")
        feeds.seal_all(database)
    backup.backup({"things": home}, tmp_path / "backup")
    with closing(Database(home, 1)) as database:
        feeds.write(database, "lost")
        with database.transaction() as tx:
            trail.forget(tx, "thing", "kept")
        feeds.seal_all(database)
    kept = restore.restore("things", home, tmp_path / "backup")
    assert list(losses.report("things", kept, {"things": ()}, lambda _service: home)) == [
        "audit_trail_sealed: 2 gone; cannot come back by itself",
        "    gone seq=2",
        "    gone seq=3",
        "audit trail: 1 erasures are undone; erase these again (kedja audit-trail forget)",
        "    thing kept",
    ]
    with closing(Database(home, 1)) as database:
        feeds.write(database, "new", "newer")
        feeds.seal_all(database)
        with database.transaction() as tx:
            assert list(Walk(tx, {}).faults()) == []
            with pytest.raises(Conflict):
                changes.since(tx, Position(0, 2), 10)
        with database.transaction() as tx:
            found = changes.since(tx, Position(0, 1), 10)
    assert [item["id"] for item in found["items"]] == ["new", "newer"]
