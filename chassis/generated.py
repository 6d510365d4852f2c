"""Files that are generated from the services' declarations, and kept in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


def write(file: Path, text: str, check: bool, command: str) -> None:
    """Write a generated file, or in a check refuse one that is not what it would be."""
    if not check:
        file.write_text(text, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != text:
        raise click.ClickException(f"{file.name} is stale: run `{command}`")
