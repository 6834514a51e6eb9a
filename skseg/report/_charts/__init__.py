"""The charts of the report: each is a function of a profile that returns SVG."""

from ._business import outcome_intervals, representation_ratios, value_bars
from ._composition import composition_bars
from ._differences import effect_ranking
from ._distributions import box_plot
from ._radar import radar
from ._ring import share_ring

__all__ = [
    "box_plot",
    "composition_bars",
    "effect_ranking",
    "outcome_intervals",
    "radar",
    "representation_ratios",
    "share_ring",
    "value_bars",
]
