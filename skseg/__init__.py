"""Customer segmentation estimators that behave like scikit-learn's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        compat,
        datasets,
        displays,
        engines,
        exceptions,
        metrics,
        model_selection,
        monitor,
        playbook,
        profile,
        report,
        rules,
        tables,
    )
    from ._clusters import InductiveSegmenter, RuleSurrogate, raw_rules, sample_rows
    from ._core._trusted_types import trusted_types
    from ._finders import (
        BoxSegmentFinder,
        CombinedFindings,
        DecisionThresholds,
        GroupOverlap,
        GroupStratifiedKFold,
        InformationValue,
        IVSegmentFinder,
        L1SegmentFinder,
        SegmentFinder,
        TLearnerSegmentFinder,
        combine_findings,
        information_value,
        with_group,
    )
    from ._mece import MECERuleSegmenter, MergeReport
    from ._revenue import OptimalRevenueBinner, PropensityBinner, RevenueBootstrap
    from ._rfm import RFMSegmenter, RFMTableReport, customer_features, rfm_table

__version__ = "0.1.0.dev0"

# Public modules stand for themselves; every other name is imported from its room when
# it is first asked for, so that reading rules takes neither pandas nor scikit-learn.
_ROOMS = {
    "BoxSegmentFinder": "_finders",
    "CombinedFindings": "_finders",
    "DecisionThresholds": "_finders",
    "GroupOverlap": "_finders",
    "GroupStratifiedKFold": "_finders",
    "IVSegmentFinder": "_finders",
    "InductiveSegmenter": "_clusters",
    "InformationValue": "_finders",
    "L1SegmentFinder": "_finders",
    "MECERuleSegmenter": "_mece",
    "MergeReport": "_mece",
    "OptimalRevenueBinner": "_revenue",
    "PropensityBinner": "_revenue",
    "RFMSegmenter": "_rfm",
    "RFMTableReport": "_rfm",
    "RevenueBootstrap": "_revenue",
    "RuleSurrogate": "_clusters",
    "SegmentFinder": "_finders",
    "TLearnerSegmentFinder": "_finders",
    "combine_findings": "_finders",
    "customer_features": "_rfm",
    "information_value": "_finders",
    "raw_rules": "_clusters",
    "rfm_table": "_rfm",
    "sample_rows": "_clusters",
    "trusted_types": "_core._trusted_types",
    "with_group": "_finders",
}

__all__ = [
    "BoxSegmentFinder",
    "CombinedFindings",
    "DecisionThresholds",
    "GroupOverlap",
    "GroupStratifiedKFold",
    "IVSegmentFinder",
    "InductiveSegmenter",
    "InformationValue",
    "L1SegmentFinder",
    "MECERuleSegmenter",
    "MergeReport",
    "OptimalRevenueBinner",
    "PropensityBinner",
    "RFMSegmenter",
    "RFMTableReport",
    "RevenueBootstrap",
    "RuleSurrogate",
    "SegmentFinder",
    "TLearnerSegmentFinder",
    "combine_findings",
    "compat",
    "customer_features",
    "datasets",
    "displays",
    "engines",
    "exceptions",
    "information_value",
    "metrics",
    "model_selection",
    "monitor",
    "playbook",
    "profile",
    "raw_rules",
    "report",
    "rfm_table",
    "rules",
    "sample_rows",
    "tables",
    "trusted_types",
    "with_group",
]


if not TYPE_CHECKING:
    # Type checkers know the names above, and shall find fault with any other.

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
        elif name in __all__:
            value = import_module(f"{__name__}.{name}")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # The next look-up finds it without this function.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
