"""Makes ``report.png`` for the README: a screenshot of a report of seeded customers.

Run with ``python docs/images/make_report.py``; it needs Chromium and selenium.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.profile import profile_segments
from skseg.report import SegmentReport

TARGET = Path(__file__).parent / "report.png"
RULES = {
    "Hot": "aov >= 80 and engagement >= 0.5",
    "Big spenders": "aov >= 80 and engagement < 0.5",
    "Engaged": "not aov >= 80 and engagement >= 0.5",
}


def main() -> None:
    """Write the picture."""
    X = make_cart_abandoners(20_000, random_state=0)
    X = X.drop(columns=["abandoned_at", "user_id"])
    segmenter = MECERuleSegmenter(RULES, default="Core").fit(X)
    profile = profile_segments(segmenter, X, value="cart_value", outcome="converted")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        SegmentReport(profile, title="Abandoned carts", unit="EUR").to_html(path)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        browser = webdriver.Chrome(options=options, service=service)
        try:
            size = {"width": 1180, "height": 960, "deviceScaleFactor": 1}
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride", {**size, "mobile": False}
            )
            browser.get(path.as_uri())
            picture = browser.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
        finally:
            browser.quit()
    TARGET.write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    main()
