"""Whether two rules hold for the same rows."""

from __future__ import annotations

from skseg.exceptions import RuleError
from skseg.rules._language._conditions import Rule

from ._boxes import Budget, common_volume, separate, volume
from ._proof import Proof

# Steps for taking rules apart; what takes more counts as different.
_STEPS = 200_000


def equivalent(first: Rule, second: Rule) -> bool:
    """Tell whether two resolved rules hold for the same rows, of all that could be.

    False also where deciding it takes too many steps.
    """
    if first == second:
        return True
    budget = Budget(_STEPS)
    try:
        proof = Proof({"first": first, "second": second}, None)
        a, b = (separate(region, budget) for region in proof.regions)
        budget.spend(len(a) * len(b))
    except RuleError:
        return False
    common = sum(common_volume(box, other) for box in a for other in b)
    return sum(map(volume, a)) == common == sum(map(volume, b))
