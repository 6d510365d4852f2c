"""`kedja backup DIR`: every installed service's database as it is at one moment, while the services run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from chassis import clock, postgres, sql
from chassis.db import connect
from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

queries: Any = sql.load(__file__)

MANIFEST = "manifest.json"
_FORMAT = 1


class BackupError(OperatorError):
    """There is no whole backup of what is asked for; the message says why."""


def backup(dsns: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Write a dump per service and the manifest; `folder` comes into being whole, or not at all."""
    if folder.exists():
        raise BackupError(f"{folder} is there already: a backup goes into a folder of its own")
    try:
        with _scratch(folder) as partial:
            taken = {service: _dump(service, dsn, partial) for service, dsn in dsns.items()}
            manifest = {"format": _FORMAT, "kedja": version("kedja"), "services": taken}
            _write(partial / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
            _sync(partial)
            partial.rename(folder)
        _sync(folder.absolute().parent)
    except OSError as fault:
        raise BackupError(f"the backup could not be written: {fault}") from None
    return manifest


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a folder beside, of this call's own and nobody else's to read; what is left of it goes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _dump(service: str, dsn: str, folder: Path) -> dict[str, Any]:
    with closing(connect(dsn)) as conn, conn:
        state = queries.database_state(conn)
        extensions = {row.name: row.schema for row in queries.extensions(conn)}
    began = clock.now()  # the dump sees what was committed by then, and perhaps a little more
    file = folder / f"{service}.dump"
    postgres.run("pg_dump", ["--format=custom", "--schema=public", f"--file={file}"], dsn)
    file.chmod(0o600)
    _sync(file)
    return {
        "file": file.name,
        "sha256": digest(file),
        "bytes": file.stat().st_size,
        "began_at": began.isoformat(),
        "postgresql": state.postgresql,
        "epoch": state.epoch,
        "migrations": state.migrations,
        "extensions": extensions,
    }


def read(folder: Path, service: str) -> dict[str, Any]:
    """Return what the manifest says of a service; raise BackupError unless its dump is there, whole."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{folder} is no whole backup: there is no {MANIFEST} in it") from None
    except ValueError:
        raise BackupError(f"{folder} is no whole backup: its {MANIFEST} cannot be read") from None
    if manifest.get("format") != _FORMAT:
        raise BackupError(f"{folder} was made by another version of kedja: {manifest.get('kedja')}")
    if service not in manifest["services"]:
        raise BackupError(f"{folder} has no backup of {service}; it has: {', '.join(manifest['services'])}")
    entry: dict[str, Any] = manifest["services"][service]
    file = folder / entry["file"]
    if not file.is_file() or digest(file) != entry["sha256"]:
        raise BackupError(f"{file} is damaged: it is not what the manifest says that was written")
    return entry


def digest(file: Path) -> str:
    """Return a file's SHA-256."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    _sync(file)


def _sync(path: Path) -> None:
    """Have a file, or a folder's entries, on the disk before anything says that they are there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
