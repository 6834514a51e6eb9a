"""The study that a finder compares groups in: its design, and the rows that count."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skseg._core._magnitudes import check_comparable_weights, check_finite_squares
from skseg._core._validation import check_sample_weight
from skseg._finders._adjustment._doubly_robust import (
    NuisanceOptions,
    Region,
    learned_adjustment,
    repeated_adjustment,
)
from skseg._finders._adjustment._group_overlap import GroupOverlap
from skseg._finders._decisions._decision import check_treatment_of_cost
from skseg._typing import FloatArray
from skseg.rules import Columns

from ._compared_rows import ComparedRows
from ._copies import with_repeats, without_copies
from ._customer_ids import read_customers, repeated_customers
from ._economics import Economics
from ._groups import read_groups


class StudyDesign(NamedTuple):
    """The parameters by which rows are compared, as they were in ``fit``."""

    treatment: Any
    reference: Any
    assignment: str
    propensity_estimator: Any
    outcome_estimator: Any
    random_state: Any
    n_jobs: int | None
    economics: Economics | None = None
    region: Region | None = None  # the region of overlap, once it has been learned

    @classmethod
    def of(cls, finder: Any, economics: Economics | None) -> StudyDesign:
        """Return those of a finder, and what its thresholds say of profits."""
        learned = {"economics", "region"}
        names = [name for name in cls._fields if name not in learned]
        parameters = {name: getattr(finder, name) for name in names}
        # Scores of later rows fit these models again, as they were in ``fit``.
        for name in ("propensity_estimator", "outcome_estimator"):
            if parameters[name] is not None:
                parameters[name] = clone(parameters[name])
        return cls(**parameters, economics=economics)

    def seeded(self, random: np.random.RandomState) -> StudyDesign:
        """Return the design with a seed, so that every score is the same each time."""
        if self.assignment != "observational":
            # Nothing is random in such a score, and a generator belongs to the caller.
            return self._replace(random_state=None)
        is_seed = isinstance(self.random_state, numbers.Integral)
        seed = int(self.random_state) if is_seed else random.randint(2**31)
        return self._replace(random_state=seed)

    def of_groups(self, labels: tuple[Any, Any] | None) -> StudyDesign:
        """Return the design with both labels, for rows in which one may be absent.

        A label that is compared with all others has no second label to name.
        """
        is_named = self.treatment is not None or self.reference is not None
        if labels is None or is_named:
            return self
        return self._replace(treatment=labels[0], reference=labels[1])


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The rows that are compared, and what is known of their groups."""

    rows: ComparedRows
    groups: tuple[Any, Any] | None  # the labels of A and B
    has_reference: bool  # whether B is named, or labelled, as what happens by default
    overlap: GroupOverlap | None


def read_study(
    owner: str,
    columns: Columns,
    outcome: FloatArray,
    *,
    group: Any,
    sample_weight: Any,
    cluster: Any,
    design: StudyDesign,
    are_copies_noticed: bool = False,
) -> Study:
    """Return the rows that are compared, or raise.

    Copies are noticed in the rows that findings are tested on, unless weights or ids of
    customers say what counts.
    """
    weight = check_sample_weight(sample_weight, columns.n_rows, owner)
    counts = np.ones(columns.n_rows) if weight is None else weight
    check_comparable_weights(owner, counts)
    check_finite_squares(owner, "y", outcome, counts)
    in_a = labels = overlap = None
    has_reference = False
    if group is not None:
        groups = read_groups(
            owner, group, design.treatment, design.reference, columns.n_rows
        )
        labels, in_a, has_reference = groups.labels, groups.in_a, groups.has_reference
        # Rows of further groups stay, with weight 0.
        counts = np.where(groups.in_a | groups.in_b, counts, 0.0)
    customers = None
    if cluster is not None:
        customers = read_customers(owner, cluster, columns.n_rows)
        customers = repeated_customers(customers, counts)
    is_binary = bool(np.isin(outcome[counts > 0], (0.0, 1.0)).all())
    check_treatment_of_cost(owner, design.economics, labels)
    rows = ComparedRows(
        outcome,
        in_a,
        counts,
        is_binary,
        cluster=customers,
        economics=design.economics,
    )
    if are_copies_noticed and sample_weight is None and cluster is None:
        rows = replace(rows, weight=without_copies(owner, columns, rows))
        rows = with_repeats(owner, columns, rows)
    if design.assignment == "observational" and in_a is not None:
        options = NuisanceOptions(
            design.propensity_estimator,
            design.outcome_estimator,
            check_random_state(design.random_state),
            design.n_jobs,
        )
        if design.region is None:
            rows, overlap = learned_adjustment(owner, rows, columns, options)
        else:
            region = design.region
            rows = repeated_adjustment(owner, rows, columns, options, region)
    return Study(rows, labels, has_reference, overlap)
