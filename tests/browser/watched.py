"""A browser that tells what it was not allowed, what it asked for, and what went wrong in it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator


PICTURES = Path(os.environ.get("KEDJA_PICTURES", ".run/browser"))
NARROW = 360


@dataclass
class Watched:
    """A page, and what was seen of it: console lines, requests, answers that refused."""

    page: Any
    console: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to listen, before the page has asked for anything."""
        self.page.on("console", lambda line: self.console.append(f"{line.type}: {line.text}"))
        self.page.on("pageerror", lambda fault: self.console.append(f"error: {fault}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", self._answered)

    def _answered(self, answer: Any) -> None:
        if answer.status >= 400:
            self.refused.append(f"{answer.status} {answer.url}")

    def check(self, base: str) -> None:
        """Fail if anything was refused by the policy, written to the console or asked for elsewhere."""
        own = urlsplit(base).netloc
        elsewhere = [url for url in self.asked if urlsplit(url).netloc != own and not url.startswith("data:")]
        assert self.asked
        assert (self.console, elsewhere, self.refused) == ([], [], [])


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's chromium; nothing else is downloaded."""
    found = shutil.which("chromium")
    assert found, "apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def watched(chromium: Any, locale: str = "sv-SE", width: int = 1000, **more: Any) -> Iterator[Watched]:
    """Open an empty page with nobody's storage in it; `more`: what else Playwright knows of a context."""
    context = chromium.new_context(locale=locale, viewport={"width": width, "height": 740}, **more)
    context.set_default_timeout(10_000)
    yield Watched(context.new_page())
    context.close()


def picture(seen: Watched, name: str, *, full_page: bool = False) -> None:
    """Leave a picture of what a person sees at the moment, or of the whole page."""
    seen.page.screenshot(path=PICTURES / f"{name}.png", full_page=full_page)


def fits(seen: Watched) -> None:
    """Fail if a narrow page would have to be pushed sideways."""
    wide = seen.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW, f"the page is {wide} px wide"
