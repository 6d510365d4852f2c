"""The walk through docs/api.md, run as a reader would: all services behind nginx, as a region's system."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.asking import ask
from tests.backbone import wait_until
from tests.e2e import scene
from tests.platform.edge import Edge
from tests.tokens import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"<!-- tried -->\n```(sh|python)\n(.*?)```", re.DOTALL)
BLOCKS = BLOCK.findall(DOCS.read_text(encoding="utf-8"))
REGION = "01"
FOLLOW = (sys.executable, "-W", "error", "follow.py")


@pytest.fixture(scope="module")
def base(platform: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One address for all services."""
    ports = {service: int(env["HTTP_ADDRESS"].rpartition(":")[2]) for service, env in platform.env.items()}
    edge = Edge(tmp_path_factory.mktemp("edge"), ports)
    scene.put_category(platform, "handskar")
    yield edge.url
    edge.stop()


def script(folder: Path) -> str:
    """Return all blocks as one script; a block of Python is a file, named in its first line, and is run."""
    lines = ["set -euo pipefail"]
    for number, (language, text) in enumerate(BLOCKS):
        if language == "sh":
            lines.append(text)
            continue
        name = text.partition("\n")[0].removeprefix("# ")
        assert re.fullmatch(r"\w+\.py", name), f"block {number} says no file"
        (folder / name).write_text(text, encoding="utf-8")
        lines.append(f"{sys.executable} -W error {name}")
    return "\n".join(lines)


def test_every_code_block_of_the_walk_is_tried():
    walk = DOCS.read_text(encoding="utf-8").partition("## In an afternoon")[2].partition("\n## ")[0]
    assert len(BLOCKS) == walk.count("```") // 2 >= 7


def test_a_region_s_system_is_connected_as_the_page_says(platform, base, tmp_path):
    environment = {
        **os.environ,
        "BASE": base,
        "TOKEN": OURS.token("client", region=REGION, client_id="system-01"),
        "PYTHONPATH": str(tmp_path),
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    walked = run("bash", "-c", script(tmp_path))
    rejected = re.findall(r"row (\d+) \[{'column': '(\w+)'", walked)
    assert rejected == [("402", "country")] * 2  # by the dry run, and in earnest
    assert "/country Must be an ISO 3166-1 alpha-2 country code." in walked

    numbers = {"region": REGION, "numbers": ["A-0", "A-399", "A-new"]}
    answer = ask("POST", platform.url("suppliers", "/suppliers/lookup"), json=numbers)
    ids = {item["number"]: item["supplier_id"] for item in answer.json()["items"]}
    assert ids["A-399"]
    made = platform.get("suppliers", f"/suppliers/{ids['A-new']}")
    assert (made["legal_name"], made["version"]) == ("Exempelleverantör Ny Norden AB", 2)
    # its first risk is heard of: in the walk, or now and then later
    wait_until(lambda: f"{ids['A-new']} handskar" in walked or f"{ids['A-new']} handskar" in run(*FOLLOW))
    exported = (tmp_path / "suppliers.csv").read_text(encoding="utf-8")
    assert exported.startswith("supplier_id,")
    assert ids["A-new"] in exported
    assert (tmp_path / "suppliers.xlsx").read_bytes().startswith(b"PK")


def test_what_is_kept_is_known_again_though_nginx_packs_it_and_no_shared_cache_may_keep_it(base):
    office = OURS.bearer("national_office")
    for path in ("suppliers/categories/handskar", "suppliers/categories?limit=500"):
        url, packed = f"{base}/api/v1/{path}", {**office, "Accept-Encoding": "gzip"}
        first = ask("GET", url, headers=packed)
        known = ask("GET", url, headers={**packed, "If-None-Match": first.headers["ETag"]})
        assert (first.status_code, known.status_code, known.content) == (200, 304, b"")
        for answer in (first, known):
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert {"Accept", "Authorization"} <= set(answer.headers["Vary"].split(", "))
    assert ask("GET", url, headers={**packed, "If-None-Match": 'W/"other"'}).status_code == 200
