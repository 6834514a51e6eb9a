"""make_findings_scorer: finders by the effects in their verified findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRequest

from skseg._core._wrapped import unwrapped
from skseg._finders._base import SegmentFinder
from skseg.exceptions import InvalidDataError

OWNER = "make_findings_scorer"


@dataclass(frozen=True)
class FindingsScorer:
    """A scorer of finders by their verified findings; see `make_findings_scorer`."""

    def __call__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        group: Any = None,
        sample_weight: Any = None,
        cluster: Any = None,
    ) -> float:
        """Return the gain of the verified findings of a finder on held-out rows."""
        for layer in unwrapped(estimator):
            if isinstance(layer, SegmentFinder):
                return layer._verified_gain(X, y, group, sample_weight, cluster)
            if isinstance(layer, Pipeline) and len(layer) > 1:
                X = layer[:-1].transform(X)
        raise InvalidDataError(
            f"{OWNER} scores segment finders, alone or at the end of a pipeline. Got "
            f"{type(estimator).__name__}.",
            owner=OWNER,
            name="estimator",
            rule="a segment finder, or a pipeline that ends in one",
            value=type(estimator).__name__,
        )

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what a search passes on with metadata routing: group and cluster."""
        request = MetadataRequest(owner=self)
        for name in ("group", "cluster"):
            request.score.add_request(param=name, alias=True)
        request.score.add_request(param="sample_weight", alias=None)
        return request

    def _accept_sample_weight(self) -> bool:
        # scikit-learn asks each scorer of a dict when fit gets weights.
        return True

    def __repr__(self) -> str:
        return f"{OWNER}()"


def make_findings_scorer() -> FindingsScorer:
    r"""Make a scorer of segment finders by held-out effects in verified findings.

    ``score`` of a finder is the mean outcome under its policy. Where effects have one
    sign, or candidates verify little, all policies send everybody to the same group,
    and all scores are equal. This scorer tells such candidates apart: it is what it
    brings, per customer, to treat the customers of the verified findings instead of as
    many customers drawn at random.

    Returns
    -------
    callable
        ``scorer(estimator, X, y, group=None) -> float``, for `scoring` of
        scikit-learn's searches and `cross_validate`, alone or in a dict. It is in units
        of the outcome, or in currency where the thresholds of the finder have a
        ``value``; 0 where no finding is verified.

    Raises
    ------
    ValueError
        When scoring: if the estimator is no segment finder, there are no rows, or the
        group is missing, as in ``score`` of a finder.

    See Also
    --------
    skseg.with_group : Passes the group to a scorer inside y.
    skseg.BoxSegmentFinder : Its ``score`` is the value of its policy.

    Notes
    -----
    A finding is verified if its adjusted p-value is at most ``thresholds.alpha``, as it
    is for ``predict``. Over the held-out rows, the gain is

    .. math:: \sum_i s_i \, q_i (\tau_i - \bar\tau),

    where the i-th finding holds the share :math:`q_i` of the rows, those in no finding
    before it, :math:`\tau_i` is the effect of A over B there and :math:`\bar\tau` that
    in all rows; :math:`s_i` is 1 if the finding had more than the average effect in
    ``fit``, and -1 if it had less. For a single finding that was treated first, this is
    a point of the Qini curve, or of the curve whose areas are rank-weighted average
    treatment effects [1]_. Effects are those of ``score``: by inverse shares of the
    groups, or doubly robust. Without groups they are outcomes.

    A finding of nearly all rows gains nothing, whatever the effect, and false findings
    gain 0 on average. With metadata routing, the scorer asks for ``group`` and
    ``cluster``.

    References
    ----------
    .. [1] S. Yadlowsky, S. Fleming, N. Shah, E. Brunskill, S. Wager (2025), Evaluating
       treatment prioritization rules via rank-weighted average treatment effects.
       Journal of the American Statistical Association 120 (549), 38-51.

    Examples
    --------
    One condition does not describe where seller A does better; two do.

    >>> from sklearn.model_selection import GridSearchCV
    >>> from skseg import BoxSegmentFinder, GroupStratifiedKFold, with_group
    >>> from skseg.datasets import make_seller_groups
    >>> from skseg.metrics import make_findings_scorer
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> search = GridSearchCV(
    ...     BoxSegmentFinder(random_state=0),
    ...     {"max_features": [1, 2]},
    ...     scoring=make_findings_scorer(),
    ...     cv=GroupStratifiedKFold(2),
    ... )
    >>> search = search.fit(
    ...     leads[["channel", "basket_value", "age"]],
    ...     with_group(leads["converted"], leads["seller"]),
    ... )
    >>> search.best_params_
    {'max_features': 2}
    """
    return FindingsScorer()
