"""The report in a real browser: scripts on and off, light, dark, phone and paper."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skseg.report import SegmentReport

from .profiles import HOSTILE, cart_profile, hostile_profile

TABS = ("overview", "segments", "differences", "compare", "business")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a report with all that one can hold."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    profile = cart_profile(protected=("gender",))
    report = SegmentReport(profile, previous=cart_profile(1), clv={"Hot": 120.0})
    report.to_html(path)
    return path.as_uri()


@pytest.fixture
def scripts_off(browser: Any) -> Iterator[Any]:
    """Return the browser with scripts of pages disabled."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source of axe-core, which is not shipped."""
    package = pytest.importorskip("axe_core_python", reason="needs axe-core-python")
    (source,) = Path(package.__file__).parent.rglob("axe.min.js")
    return source.read_text(encoding="utf-8")


def evaluate(browser: Any, expression: str) -> Any:
    """Evaluate in the page from outside, which also works with scripts disabled."""
    answer = browser.execute_cdp_cmd(
        "Runtime.evaluate",
        {"expression": expression, "returnByValue": True, "awaitPromise": True},
    )
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


def visible(browser: Any, selector: str) -> list[str]:
    return evaluate(
        browser,
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        ".filter(e => e.checkVisibility()).map(e => e.id)",
    )


def messages(browser: Any) -> list[Any]:
    return browser.get_log("browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_tab_violates_a_rule_of_accessibility(
    browser: Any, page: str, axe: str, scheme: str
) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get(page)
    evaluate(browser, axe + "; 0")
    for tab in TABS:
        browser.find_element("id", f"tab-{tab}").click()
        found = evaluate(
            browser,
            "axe.run({resultTypes: ['violations']}).then(r => r.violations.map("
            "v => v.id + ': ' + v.nodes.map(n => n.failureSummary).join()))",
        )
        assert found == [], tab
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_page_requests_nothing_and_logs_nothing(browser: Any, page: str) -> None:
    messages(browser)
    browser.get(page)
    assert evaluate(browser, "performance.getEntriesByType('resource').length") == 0
    assert messages(browser) == []


def test_tabs_and_choices_work_without_scripts(scripts_off: Any, page: str) -> None:
    browser = scripts_off
    browser.get(page)
    assert evaluate(browser, "document.querySelectorAll('button').length") == 0
    assert visible(browser, ".tab") == ["overview"]
    for tab in TABS:
        browser.find_element("id", f"tab-{tab}").click()
        assert visible(browser, ".tab") == [tab]
    browser.find_element("id", "tab-segments").click()
    for code in range(4):
        browser.find_element("id", f"choose-{code}").click()
        assert visible(browser, ".card") == [f"card-{code}"]
        (mark,) = evaluate(
            browser,
            "[...document.querySelectorAll('.choose-one input')].filter(e => "
            "getComputedStyle(e.nextSibling).fontWeight === '600').map(e => e.id)",
        )
        assert mark == f"choose-{code}"
    browser.find_element("id", "tab-compare").click()
    heads = "[...document.querySelectorAll('#compare thead th')]"
    shown = f"{heads}.filter(e => e.checkVisibility()).map(e => e.innerText.trim())"
    assert evaluate(browser, shown) == [
        "Feature",
        "Everyone",
        "Hot",
        "Big",
        "Engaged",
        "Rest",
    ]
    browser.find_element("id", "compare-1").click()
    browser.find_element("id", "compare-2").click()
    assert evaluate(browser, shown) == ["Feature", "Everyone", "Hot", "Rest"]


def test_the_keyboard_reaches_tabs_with_a_visible_focus(
    browser: Any, page: str
) -> None:
    browser.get(page)
    body = browser.find_element("tag name", "body")
    body.send_keys("\ue004")
    active = browser.switch_to.active_element
    assert active.get_attribute("id") == "tab-overview"
    active.send_keys("\ue014")
    assert visible(browser, ".tab") == ["segments"]
    outline = evaluate(
        browser,
        "getComputedStyle(document.activeElement.nextSibling).outlineStyle",
    )
    assert outline == "solid"


def test_the_address_remembers_tab_and_segment(browser: Any, page: str) -> None:
    browser.get(page)
    browser.find_element("id", "tab-segments").click()
    browser.find_element("id", "choose-2").click()
    address = browser.current_url
    assert address.endswith("#tab=segments&segment=2")
    browser.get("about:blank")
    browser.get(address)
    assert visible(browser, ".tab, .card") == ["segments", "card-2"]


def test_a_table_is_sorted_by_numbers_and_says_so(browser: Any, page: str) -> None:
    browser.get(page)
    names = "[...document.querySelectorAll('#overview tbody th')].map(e => e.innerText)"
    button = browser.find_elements("css selector", "#overview thead button")[1]
    n = cart_profile().segments_.set_index("name")["n"].sort_values(ascending=False)
    button.click()
    assert evaluate(browser, names) == list(n.index)
    head = "document.querySelectorAll('#overview thead th')[1].ariaSort"
    assert evaluate(browser, head) == "descending"
    button.click()
    assert evaluate(browser, names) == list(n.index)[::-1]
    assert evaluate(browser, head) == "ascending"


def test_hostile_names_run_no_code(browser: Any, axe: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    SegmentReport(hostile_profile(), title="Names").to_html(path)
    messages(browser)
    browser.get(path.as_uri())
    assert evaluate(browser, "document.title") == "Names"
    assert messages(browser) == []
    headings = evaluate(
        browser,
        "[...document.querySelectorAll('.card h3')].map(e => e.textContent)",
    )
    assert headings == list(HOSTILE)
    evaluate(browser, axe + "; 0")
    for tab in TABS:
        browser.find_element("id", f"tab-{tab}").click()
        width = evaluate(browser, "document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, tab
    assert evaluate(browser, "axe.run().then(r => r.violations.map(v => v.id))") == []


def test_a_phone_needs_no_sideways_scrolling(browser: Any, page: str) -> None:
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page)
    for tab in TABS:
        browser.find_element("id", f"tab-{tab}").click()
        width = evaluate(browser, "document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, tab
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_paper_holds_all_tabs_and_cards(scripts_off: Any, page: str) -> None:
    browser = scripts_off
    browser.get(page)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert visible(browser, ".tab") == list(TABS)
    assert visible(browser, ".card") == [f"card-{code}" for code in range(4)]
    assert visible(browser, ".choices") == []
    text = evaluate(browser, "document.body.innerText")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    for heading in ("In brief", "What to do", "Compare", "Growth", "Representation"):
        assert heading in text
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    # The executive page, its table, a page for each card, and the other tabs.
    assert n_pages(pdf) >= 2 + 4 + 3


def n_pages(pdf: bytes) -> int:
    """Count the pages of a PDF, whose objects may be compressed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", b"\n".join(parts)))


def test_browsers_without_has_see_everything(browser: Any, tmp_path: Path) -> None:
    report = SegmentReport(cart_profile())
    # The same page for a browser in which the condition of `@supports` is false.
    old = report.html().replace("selector(:has(*))", "selector(:no-such-thing(*))")
    old = re.sub(r"<meta http-equiv[^>]*>", "", old)
    path = tmp_path / "old.html"
    path.write_text(old, encoding="utf-8")
    browser.get(path.as_uri())
    assert visible(browser, ".tab") == list(TABS)
    assert visible(browser, ".card") == [f"card-{code}" for code in range(4)]
    assert visible(browser, ".choices") == []
