"""A search whose candidates have all the same policy cannot choose one."""

from __future__ import annotations

import warnings

from skseg._core._caller import caller_level
from skseg._core._searches import tie_of_candidates
from skseg._core._wrapped import unwrapped


def warn_of_tie(kind: type) -> None:
    """Warn if this fit ends a search over finders in which all candidates tie.

    `kind` is the class that is fitted. In a pipeline before a classifier it has no part
    in the score.
    """
    tie = tie_of_candidates()
    if tie is None or not isinstance(
        [*unwrapped(tie.search.best_estimator_)][-1], kind
    ):
        return
    if tie.search.scoring is None:
        reason = (
            "Their policies send the same rows to the same groups. Compare them by "
            "their verified findings, with "
            "scoring=skseg.metrics.make_findings_scorer(), or give them more rows."
        )
    else:
        reason = (
            "If it is 0 for skseg.metrics.make_findings_scorer(), they have verified "
            "nothing: give them more rows, or a larger thresholds__alpha."
        )
    warnings.warn(
        f"All {tie.n_candidates} candidates of {type(tie.search).__name__} have the "
        f"same score in each fold, {tie.score:.6g} on average, so the first one was "
        f"taken. {reason}",
        UserWarning,
        stacklevel=caller_level(),
    )
