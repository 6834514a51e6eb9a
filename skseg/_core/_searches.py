"""What a fit can know of the search that it is part of."""

from __future__ import annotations

import numbers
import sys
import warnings

from ._caller import caller_level

# scikit-learn fits the candidates of searches and the models of folds here.
_FOLDS = "sklearn.model_selection._validation"
_warned: set[tuple[str, str]] = set()


def warn_of_counts_in_folds(owner: str, n_rows: float, **bounds: object) -> None:
    """Warn, once a process, if a bound in a search or cross-validation counts rows.

    Folds have fewer rows than the fit on all of them, so that the same number is
    another share.
    """
    counts = {
        name: bound
        for name, bound in bounds.items()
        if isinstance(bound, numbers.Integral) and int(bound) > 1
    }
    if not counts or not _is_fit_of_fold():
        return
    for name, bound in counts.items():
        if (owner, name) in _warned:
            continue
        _warned.add((owner, name))
        share = int(bound) / n_rows
        warnings.warn(
            f"{name}={bound} of {owner} is a number of rows. In a search or a "
            f"cross-validation it is another share of the rows of a fold, here "
            f"{share:.3g}, than of all rows: choose a share, such as "
            f"{name}={share:.2g}, which means the same for both.",
            UserWarning,
            stacklevel=caller_level(),
        )


def _is_fit_of_fold() -> bool:
    frame = sys._getframe(1)
    while frame.f_back:
        if frame.f_globals.get("__name__") == _FOLDS:
            return True
        frame = frame.f_back
    return False
