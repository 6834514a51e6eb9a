"""Which chart stands on which page."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd

from skseg.report import _charts
from skseg.report._drawing._svg import NORMAL
from skseg.report._drawing._text import plain_text, shortened
from skseg.report._numbers import number_text, percent_text

from ._source import Source

_WIDTH, _HEIGHT = 150.0, 44.0
_BARS_WIDTH = 460.0


# Features of which a chart is shown in full: those that differ most.
_MOST_FEATURES = 4


def chart_lists(source: Source) -> dict[str, list[str]]:
    """Return name of a place on the pages -> its charts, without empty ones."""
    profile = source.profile
    kinds = dict(
        zip(profile.features_["feature"], profile.features_["kind"], strict=True)
    )
    distributions = [
        (_charts.box_plot if kind == "number" else _charts.composition_bars)(
            profile, str(name)
        )
        for name, kind in kinds.items()
    ]
    columns = profile.protected_["column"].unique()
    charts = {
        "shares": [_charts.share_ring(profile)],
        "effects": [_charts.effect_ranking(profile)],
        "distributions": [svg for svg in distributions if svg][:_MOST_FEATURES],
        "radar": [_charts.radar(profile)],
        "business": [_charts.value_bars(profile), _charts.outcome_intervals(profile)],
        "groups": [_charts.representation_ratios(profile, str(c)) for c in columns],
    }
    return {place: [svg for svg in svgs if svg] for place, svgs in charts.items()}


def share_bars(source: Source) -> str:
    """Return bars of the share of customers and of value, one row a segment."""
    rows = []
    top = max([*_shares(source), 1e-12])
    for segment in source.segments:
        bars = [("customers", segment.share)]
        if source.value_is_divisible:
            bars.append(("value", segment.value_share))
        rows.append((segment, bars))
    step = 22 * len(rows[0][1]) + 26 if rows else 0
    parts = []
    for i, (segment, bars) in enumerate(rows):
        y = i * step
        name = shortened(plain_text(segment.name), _BARS_WIDTH, NORMAL)
        parts.append(
            f'<g class="segment-{segment.code}"><text x="0" y="{y + 13}" '
            f'direction="auto">{escape(name)}</text>'
        )
        for j, (label, share) in enumerate(bars):
            known = share if np.isfinite(share) else 0.0
            width = max(known / top, 0) * 330
            top_of_bar = y + 19 + 22 * j
            parts.append(
                f'<rect class="bar {label}" x="0" y="{top_of_bar}" '
                f'width="{width:.1f}" height="16"/>'
                f'<text class="small" x="{width + 6:.1f}" y="{top_of_bar + 12}">'
                f"{escape(percent_text(share))} of {label}</text>"
            )
        parts.append("</g>")
    title = "Share of customers and of value by segment"
    return _svg(_BARS_WIDTH, step * len(rows), title, "".join(parts))


def _shares(source: Source) -> list[float]:
    shares = [s.share for s in source.segments]
    if source.value_is_divisible:
        shares += [s.value_share for s in source.segments]
    return [share for share in shares if np.isfinite(share)]


def concentration_curve(source: Source) -> str:
    """Return the share of value that the most valuable customers bring."""
    table = source.profile.concentration_
    if not len(table) or not source.value_is_divisible:
        return ""
    x = 40 + 320 * table["customers"].to_numpy()
    y = 10 + 200 * (1 - table["value"].to_numpy())
    known = np.isfinite(x) & np.isfinite(y)
    points = " ".join(
        f"{a:.1f},{b:.1f}" for a, b in zip(x[known], y[known], strict=True)
    )
    ticks = "".join(
        f'<text class="small" x="{40 + 320 * t:.0f}" y="228" text-anchor="middle">'
        f'{t:.0%}</text><text class="small" x="34" y="{214 - 200 * t:.0f}" '
        f'text-anchor="end">{t:.0%}</text>'
        for t in (0, 0.5, 1)
    )
    body = (
        '<path class="axis" d="M40 10V210H360"/>'
        '<path class="even" d="M40 210L360 10"/>'
        f'<polyline class="curve" points="{points}"/>{ticks}'
        '<text class="small" x="200" y="248" text-anchor="middle">'
        "Share of customers, the most valuable first</text>"
    )
    return _svg(380, 256, "Share of value brought by the most valuable customers", body)


def histograms(source: Source) -> dict[int, list[tuple[str, str]]]:
    """Return code -> name of each feature and its distribution against everyone."""
    table = source.profile.histograms_
    charts: dict[int, list[tuple[str, str]]] = {s.code: [] for s in source.segments}
    for key, rows in table.groupby(["feature", "code"], sort=False):
        feature, code = str(key[0]), int(str(key[1]))
        if code in charts:
            charts[code].append((feature, _histogram(feature, code, rows)))
    return charts


def _histogram(feature: str, code: int, rows: pd.DataFrame) -> str:
    own, all_ = rows["share"].to_numpy(), rows["share_everyone"].to_numpy()
    top = max(float(np.nanmax([*own, *all_, 0.0])), 1e-12)
    step = _WIDTH / len(rows)
    bars = "".join(
        f"M{i * step:.1f} {_HEIGHT:g}v{-max(share, 0) / top * _HEIGHT:.1f}"
        f"h{step * 0.86:.1f}V{_HEIGHT:g}z"
        for i, share in enumerate(np.nan_to_num(own))
        if share > 0
    )
    line = "".join(
        f"{'L' if i else 'M'}{i * step:.1f} {_HEIGHT * (1 - share / top):.1f}"
        f"h{step:.1f}"
        for i, share in enumerate(np.nan_to_num(all_))
    )
    low, high = number_text(rows["low"].min()), number_text(rows["high"].max())
    body = (
        f'<g class="segment-{code}"><path class="bar customers" d="{bars}"/></g>'
        f'<path class="everyone" d="{line}"/>'
        f'<text class="small" x="0" y="58">{low}</text>'
        f'<text class="small" x="150" y="58" text-anchor="end">{high}</text>'
    )
    title = f"Distribution of {feature}: bars are the segment, the line is everyone"
    return _svg(_WIDTH, 62, title, body)


def _svg(width: float, height: float, title: str, body: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{body}</svg>'
    )
