"""The respondent's page, the manual's and that of a risk in chromium: `make browser`.

Pictures are left in .run/browser/.

Everything is real: the link is that of an invitation's mail, the page that of the running service.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from deploy.local import admin as local_admin
from tests import harness
from tests.backbone import wait_until
from tests.browser import risk
from tests.browser.watched import NARROW, PICTURES, Watched, browser, fits, picture, watched
from tests.e2e import people, scene
from tests.e2e.outcome import mails_about

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "/api/v1/assessments/respond"


@contextmanager
def platform() -> Iterator[harness.Platform]:
    """The four services and a mail sink, on databases and a vhost of their own."""
    admin = local_admin.load()
    name = f"{admin.namespace}_browser_{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder, harness.started(name, admin, Path(folder)) as running:
        scene.load(running)
        yield running


def link(running: harness.Platform) -> tuple[str, str, people.Case]:
    """The address in a new invitation's mail, its code, and the case."""
    [case] = people.invite(running, people.register(running))
    [mail] = wait_until(lambda: mails_about(running, case))
    base, invitation, code = people.link_in(mail)
    return f"{base}{PAGE}#{invitation}.{code}", code, case


def state(running: harness.Platform, case: people.Case) -> Any:
    """The assessment as the office reads it."""
    return running.get("assessments", case.path)


def opened(seen: Watched, address: str, code: str) -> None:
    """Follow the link; the code is gone from the address, the history and what the page keeps."""
    seen.page.goto(address)
    seen.page.wait_for_selector("#form:not([hidden]) fieldset")
    kept = seen.page.evaluate(
        "location.href + JSON.stringify({...sessionStorage, ...localStorage}) + document.cookie"
    )
    assert code not in kept
    assert code not in seen.page.content()
    assert not [url for url in seen.asked if code in url.partition("#")[0]]
    seen.page.reload()  # the session goes on
    seen.page.wait_for_selector("#form:not([hidden]) fieldset")


def by_mouse(chromium: Any, running: harness.Platform) -> None:
    """Answer in Swedish, change to English, submit."""
    address, code, case = link(running)
    with watched(chromium) as seen:
        opened(seen, address, code)
        page = seen.page
        assert page.evaluate("document.documentElement.lang") == "sv"
        picture(seen, "sv")
        page.locator("fieldset:visible input[type=radio]").first.check()
        expect(page.locator("#saved")).to_have_text("Sparat")
        page.locator("#language").click()
        assert page.locator("#submit").inner_text() == "Submit"
        picture(seen, "en")
        page.locator("#submit").click()
        picture(seen, "en-confirm")
        page.locator("#yes").click()
        page.wait_for_selector("#message.good:visible")
        picture(seen, "en-done")
        seen.check(running.base("assessments"))
    assert state(running, case)["state"] == "submitted"


def press(page: Any, wanted: str, key: str = "Tab") -> None:
    """Press a key until what is wanted has the focus."""
    for _ in range(200):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{wanted} cannot be reached by {key}")


def by_keyboard(chromium: Any, running: harness.Platform) -> None:
    """Answer and submit on a narrow screen without a mouse, in English."""
    address, code, case = link(running)
    with watched(chromium, "en-GB", NARROW) as seen:
        opened(seen, address, code)
        page = seen.page
        fits(seen)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        press(page, "input[type=radio]")
        page.keyboard.press("Space")
        expect(page.locator("#saved")).to_have_text("Saved")
        picture(seen, "narrow-en")
        press(page, "#submit")
        page.keyboard.press("Enter")
        fits(seen)
        picture(seen, "narrow-en-confirm")
        press(page, "#no")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "submit"
        page.keyboard.press("Enter")
        press(page, "#yes")
        page.keyboard.press("Enter")
        page.wait_for_selector("#message.good:visible")
        assert page.evaluate("document.activeElement.id") == "main"
        fits(seen)
        picture(seen, "narrow-en-done")
        seen.check(running.base("assessments"))
    assert state(running, case)["state"] == "submitted"


def wrong_code(chromium: Any, running: harness.Platform) -> None:
    """Say in words that a link is none; the code leaves the address all the same."""
    address, code, _ = link(running)
    with watched(chromium) as seen:
        seen.page.goto(address[:-4] + "AAAA")
        seen.page.wait_for_selector("#message.bad:visible")
        picture(seen, "sv-wrong-code")
        assert code[:-4] not in seen.page.url
        seen.page.locator("#language").click()
        expect(seen.page.locator("#message")).to_contain_text("no longer valid")
        assert [line.partition(" ")[0] for line in seen.refused] == ["401"]


def manual(chromium: Any, running: harness.Platform) -> None:
    """Read a service's manual, wide and narrow."""
    for width in (1000, NARROW):
        with watched(chromium, width=width) as seen:
            seen.page.goto(running.url("suppliers", "/docs"))
            assert seen.page.locator("h1").count() == 1
            picture(seen, f"docs-{width}")
            if width == NARROW:
                fits(seen)
            seen.check(running.base("suppliers"))


def main() -> None:
    """Go through all of it; the first that is wrong ends it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with platform() as running, browser() as chromium:
        for walk in (by_mouse, by_keyboard, wrong_code, manual, risk.page):
            walk(chromium, running)
            print(f"{walk.__name__}: as it must be")  # noqa: T201  a command's output


if __name__ == "__main__":
    main()
