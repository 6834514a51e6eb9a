"""In a real browser no two texts of a chart overlap, and none leaves its frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .chart_profiles import NAMES, chart_profile
from .test_charts import CHARTS

# Boxes of lines of text hold room above and below the letters, hence the tolerance.
FAULTS = """
const faults = [];
for (const svg of document.querySelectorAll('svg')) {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].filter(t => t.getBBox().width > 0);
  const boxes = texts.map(t => t.getBoundingClientRect());
  boxes.forEach((a, i) => {
    const name = svg.parentNode.id + ': ' + texts[i].firstChild.data;
    if (a.left < frame.left - 1 || a.right > frame.right + 1 ||
        a.top < frame.top - 2 || a.bottom > frame.bottom + 2)
      faults.push(name + ' leaves the frame');
    boxes.slice(i + 1).forEach((b, j) => {
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
        faults.push(name + ' overlaps ' + texts[i + 1 + j].firstChild.data);
    });
  });
}
return [faults, document.querySelectorAll('svg').length];
"""
STYLE = (
    "body{font:16px system-ui,sans-serif;margin:0}figure{margin:8px;width:720px}"
    "svg{display:block;width:100%}svg text{font-size:13px}svg .small{font-size:11px}"
    "path,circle{fill:none;stroke:gray}"
)


@pytest.mark.parametrize("kind", NAMES)
def test_texts_are_apart_and_inside_their_frames(
    browser: Any, tmp_path: Path, kind: str
) -> None:
    figures = [
        f'<figure id="{name}">{draw(chart_profile(kind))}</figure>'
        for name, draw in CHARTS.items()
    ]
    head = (
        f'<!doctype html><meta charset="utf-8"><title>ok</title><style>{STYLE}</style>'
    )
    path = tmp_path / "charts.html"
    path.write_text(head + "".join(figures), encoding="utf-8")
    browser.get(path.as_uri())
    faults, n_charts = browser.execute_script(FAULTS)
    assert not faults
    assert n_charts == len(CHARTS)
    assert browser.title == "ok"
