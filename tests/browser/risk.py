"""The page of a supplier's risk: wide and narrow, light and dark, in both languages, without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.backbone import wait_until
from tests.browser.watched import NARROW, PICTURES, fits, picture, watched
from tests.e2e import people, scene
from tests.tokens import OFFICE

if TYPE_CHECKING:
    from tests.browser.watched import Watched
    from tests.harness import Platform

_WIDE = 1000
# What WCAG 2.2 asks of text that is not large
_CONTRAST = 4.5
# Every text's contrast with what is behind it, by the colours that the browser has worked out
_FAINT = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim())) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < CONTRAST) faint.push(`${node.tagName} ${node.className} ${ratio.toFixed(2)}`);
  }
  return faint;
}""".replace("CONTRAST", str(_CONTRAST))


def suppliers(running: Platform) -> tuple[str, str]:
    """One whose work was reviewed, and one of which nothing is known, each by the address of its risk."""
    [case] = people.invite(running, people.register(running))
    people.under_review(running, [case])
    assert people.complete(running, case).status_code == 200
    reviewed = f"/suppliers/{case.supplier_id}/risk"
    wait_until(lambda: running.get("suppliers", reviewed)["cases"][0]["stage"])
    scene.put(running, "suppliers", "/categories/okand", _UNKNOWN)
    body = scene.supplier("okand") | {"sites": []}
    made = people.send(running, "POST", "suppliers", "/suppliers", body).json()
    return reviewed, f"/suppliers/{made['supplier_id']}/risk"


_UNKNOWN: dict[str, Any] = {
    "names": {"sv": "Okänd kategori", "en": "Unknown category"},
    "responsible_area": None,
    "prioritised_years": [],
    "cpv_prefixes": [],
    "analysis": [None] * 4,
}


def page(chromium: Any, running: Platform) -> None:
    """Read both pages in every way."""
    for number, path in enumerate(suppliers(running)):
        name = ("risk", "risk-no-data")[number]
        for width in (_WIDE, NARROW):
            for scheme in ("light", "dark"):
                with watched(chromium, width=width, color_scheme=scheme, extra_http_headers=OFFICE) as seen:
                    _look(seen, running, path, f"{name}-{scheme}-{width}")
        _without_a_mouse(chromium, running, path)
        _on_paper(chromium, running, path, name)


def _look(seen: Watched, running: Platform, path: str, name: str) -> None:
    seen.page.goto(running.url("suppliers", path))
    assert seen.page.evaluate("document.documentElement.lang") == "sv"
    assert seen.page.locator("h1").count() == 1
    assert seen.page.evaluate(_FAINT) == []
    if seen.page.viewport_size["width"] == NARROW:
        fits(seen)
    picture(seen, name, full_page=True)
    assert seen.page.locator("svg .fill").count() == (0 if "no-data" in name else 4)
    # each bar is as long as the number beside it says
    for row in seen.page.locator("figure .row:has(svg)").all():
        told = float(row.locator("b").inner_text().replace(",", "."))
        drawn = float(row.locator(".fill").get_attribute("width"))
        assert abs(told - drawn) <= 0.005
    seen.check(running.base("suppliers"))


def _without_a_mouse(chromium: Any, running: Platform, path: str) -> None:
    """Skip to the content, and change to English, by keys alone."""
    with watched(chromium, width=NARROW, extra_http_headers=OFFICE) as seen:
        seen.page.goto(running.url("suppliers", path))
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "main"
        seen.page.keyboard.press("Shift+Tab")
        assert seen.page.evaluate("document.activeElement.className") == "language"
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/risk?lang=en")
        assert seen.page.evaluate("document.documentElement.lang") == "en"
        picture(seen, "risk-en")
        # a table that is wider than the screen can be reached and pushed by keys
        pushed = seen.page.locator(".wide").evaluate_all(
            "all => all.every((one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)"
        )
        assert pushed
        seen.check(running.base("suppliers"))


def _on_paper(chromium: Any, running: Platform, path: str, name: str) -> None:
    """Print it; also from a dark screen it is dark on white."""
    with watched(chromium, color_scheme="dark", extra_http_headers=OFFICE) as seen:
        seen.page.goto(running.url("suppliers", path))
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate(_FAINT) == []
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        seen.page.pdf(path=PICTURES / f"{name}.pdf", format="A4")
