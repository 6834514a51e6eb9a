"""Puts what the pages show into the templates."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from skseg.exceptions import MissingExtraError

from ._pages._business import business
from ._pages._charts_of_pages import (
    chart_lists,
    concentration_curve,
    histograms,
    share_bars,
)
from ._pages._comparison import comparison_table
from ._pages._differences import difference_table
from ._pages._overview import overview
from ._pages._rank_charts import heat_map
from ._pages._segment_cards import segment_cards
from ._pages._source import Source

TABS = (
    ("overview", "Overview"),
    ("segments", "Segments"),
    ("differences", "What differs"),
    ("compare", "Compare"),
    ("business", "Business impact"),
)
# Those of Okabe and Ito, then hues between them. They begin again after the twelfth:
# labels, and the dashes of lines, tell segments apart everywhere.
_HUES = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#8A9A2B", "#8C6BB1", "#C2416B", "#5B7083", "#2AA198", "#A65628"),
)
# Segments that are compared before anybody has chosen some.
_N_COMPARED = 4


def render(source: Source, title: str, date: str, *, with_script: bool = True) -> str:
    """Return the document."""
    environment = _environment()
    markup = environment.filters["safe"]
    codes = [segment.code for segment in source.segments]
    hues = {code: _HUES[i % len(_HUES)] for i, code in enumerate(codes)}
    tabs = [tab for tab, _ in TABS]
    style = environment.get_template("report.css.j2").render(tabs=tabs, hues=hues)
    script = _resource("report.js").strip() if with_script else ""
    page: str = environment.get_template("report.html.j2").render(
        title=title,
        date=date,
        tabs=TABS,
        source=source,
        profile=source.profile,
        # A template's text, where style and script stand, is not changed by escaping.
        style=markup(style),
        style_hash=_hash(style),
        script=markup(script),
        script_hash=_hash(script),
        overview=overview(source),
        cards=segment_cards(source),
        differences=difference_table(source),
        comparison=comparison_table(source),
        compared=_compared(source),
        business=business(source),
        bars=markup(share_bars(source)),
        heat_map=heat_map(source),
        charts={
            tab: [markup(svg) for svg in svgs]
            for tab, svgs in chart_lists(source).items()
        },
        curve=markup(concentration_curve(source)),
        histograms=histograms(source),
    )
    return page


def _compared(source: Source) -> set[int]:
    """Return the codes of the segments with the most value, else the largest ones."""
    by = "value_share" if source.value_is_divisible else "share"
    order = sorted(
        source.segments, key=lambda s: -float(np.nan_to_num(getattr(s, by), nan=-1.0))
    )
    return {segment.code for segment in order[:_N_COMPARED]}


@cache
def _environment() -> Any:
    try:
        import jinja2
    except ImportError:
        raise MissingExtraError("Writing a report", "report") from None
    return jinja2.Environment(
        loader=jinja2.PackageLoader("skseg.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _resource(name: str) -> str:
    return (files("skseg.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the source expression by which the policy of the page allows a text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
