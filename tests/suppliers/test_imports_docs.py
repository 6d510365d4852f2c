"""docs/imports.md names the schemas' columns: `python -m tests.suppliers.test_imports_docs` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chassis.imports.loading import accepted_by
from services.suppliers.imports import KINDS

DOCS = Path(__file__).parents[2] / "docs/imports.md"
BEGIN, END = "columns: begin", "columns: end"


def columns_section() -> str:
    """Return the tables of columns, one a kind."""
    return "\n".join(f"## `{kind.name}`\n\n{kind.about}\n\n{_table(kind.schema())}" for kind in KINDS)


def _table(schema: Any) -> str:
    rows = [
        f"| `{name}` | {'yes' if field.required else ''} | {accepted_by(field)} |"
        for name, field in schema.fields.items()
    ]
    return "\n".join(["| column | required | accepted |", "|---|---|---|", *rows, ""])


def written(text: str) -> str:
    """Return the page with the columns as they are."""
    head, _, rest = text.partition(BEGIN)
    first, _, _ = rest.partition("\n")
    return f"{head}{BEGIN}{first}\n{columns_section()}<!-- {END}{rest.partition(END)[2]}"


def test_the_page_names_the_columns_that_are_read() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == written(text)
    assert "| `own_number` |  | a text of at most 100 characters |" in text


if __name__ == "__main__":
    DOCS.write_text(written(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
