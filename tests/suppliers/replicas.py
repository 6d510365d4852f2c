"""The service as it runs, once or more on one database, with files imported over HTTP."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis import tables
from tests import harness
from tests.asking import ask
from tests.backbone import wait_until
from tests.suppliers.files import Imports, table

if TYPE_CHECKING:
    import requests

ROWS = 3000


def row(number: int) -> dict[str, Any]:
    return {
        "region": "01",
        "own_number": f"L-{number}",
        "legal_name": f"Exempel {number} AB",
        "country": "SE",
    }


def file_of(rows: int, start: int = 0) -> bytes:
    return table(tables.CSV, [row(number) for number in range(start, start + rows)])


class Replicas:
    """One or more processes of the service on one database."""

    def __init__(self, urls: dict[str, dict[str, str]], folder: Path) -> None:
        self.urls, self.folder = {"suppliers": urls["suppliers"]}, folder
        self.running: list[harness.Platform] = []
        self.db = Imports(urls["suppliers"]["DATABASE_URL"])

    def start(self) -> harness.Platform:
        folder = self.folder / str(len(self.running))
        folder.mkdir()
        platform = harness.Platform(self.urls, folder)
        platform.start_all()
        self.running.append(platform)
        return platform

    def post(self, data: bytes, media_type: str = tables.CSV, **options: Any) -> requests.Response:
        headers = {"Content-Type": media_type, **options.pop("headers", {})}
        query = {"kind": "suppliers", **options}
        url = self.running[0].url("suppliers", "/imports")
        return ask("POST", url, data=data, headers=headers, params=query, timeout=100)

    def get(self, path: str, **params: Any) -> Any:
        return self.running[0].get("suppliers", path, **params)

    def await_end(self, import_id: str, seconds: float = 100) -> dict[str, Any]:
        def over() -> Any:
            shown = self.get(f"/imports/{import_id}")
            return shown if shown["state"] in {"done", "failed", "cancelled"} else None

        return wait_until(over, seconds)

    def worker(self, replica: int = 0) -> int | None:
        """The process id of a replica's newest worker that has been given a job, if one runs."""
        parent = self.running[replica].processes["suppliers"].pid
        lines = self.running[replica].log("suppliers").splitlines()
        started = [json.loads(line)["pid"] for line in lines if "import_worker_started" in line]
        for child in reversed(started):
            with suppress(OSError):
                stat = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) == parent and stat[0] != "Z":
                    return int(child)
        return None

    def rows_done(self) -> int:
        return self.db.ask("SELECT coalesce(sum(rows_accepted + rows_rejected), 0)::int FROM import_job")[0]
