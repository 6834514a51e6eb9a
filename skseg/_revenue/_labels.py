"""Labels of outcomes, and the probabilities of them that an inner classifier gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._outcome import OutcomeCoding
from skseg._core._vector import read_vector
from skseg._typing import FloatArray, ObjectArray

Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class OutcomeClasses:
    """The classes of the outcomes of a fit, in sorted order.

    A classifier that is fitted to the numbers of the outcomes has them in the opposite
    order if the first of two labels counts as 1.
    """

    classes: Labels
    is_reversed: bool

    def probabilities(self, of_numbers: FloatArray) -> FloatArray:
        """Return one column per class."""
        return of_numbers[:, ::-1] if self.is_reversed else of_numbers

    def decisions(self, of_numbers: FloatArray) -> FloatArray:
        """Return values that rise with the probability of the last of two classes."""
        return -of_numbers if self.is_reversed else of_numbers


def outcome_classes(
    owner: str, y: Any, outcome: FloatArray, coding: OutcomeCoding
) -> OutcomeClasses:
    """Return the classes of outcomes in the type in which they were passed."""
    if coding.classes is None:
        # The numbers of 0 / 1 are float64 by now.
        is_whole = "int" in str(read_vector(owner, "y", y).dtype).lower()
        classes = np.unique(outcome)
        return OutcomeClasses(classes.astype(np.int64) if is_whole else classes, False)
    labels = label_array(coding.classes)
    return OutcomeClasses(labels, len(labels) == 2 and labels[0] == coding.positive)


def label_array(labels: ObjectArray) -> Labels:
    """Return the labels as an array of their own type, which scikit-learn can read."""
    is_mixed = len({type(label) for label in labels}) > 1
    return labels if is_mixed else np.array(labels.tolist())
