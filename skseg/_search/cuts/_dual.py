"""Lagrangian relaxation of the budget, and what the searches within it share."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._dynamic_program import best_division, pruned
from ._objective import Objective
from ._problem import CutProblem, Division
from ._rates import best_with_rates

_ROUNDING = 2.0**-44
# Largest number of multipliers tried.
_MAX_MULTIPLIERS = 60


@dataclass(frozen=True, slots=True)
class DualSolution:
    """The Lagrange multiplier of the budget, and the upper bound that it proves.

    The multiplier is the penalty per unit of money spent; spends that differ by less
    than `rounding` are equal. `bound` is an upper bound of the objective value of all
    divisions within the budget. `divisions` are optimal at the multipliers tried, the
    last tried last, within the budget or not.
    """

    multiplier: float
    rounding: float
    bound: float
    divisions: list[Division]

    def penalised(self, problem: CutProblem) -> CutProblem:
        """Return the problem whose objective is the Lagrangian."""
        objective = problem.objective.penalised(self.multiplier, self.rounding)
        return problem.with_objective(objective)

    def penalty(self, problem: CutProblem) -> float:
        """Return the largest penalty of a division within the budget."""
        return self.multiplier * problem.max_spend if self.multiplier else 0.0


def solve_dual(problem: CutProblem, relaxed: Division) -> DualSolution | None:
    """Return the multiplier of the lowest bound, None if the budget is infeasible.

    The optimum of the Lagrangian is convex in the multiplier, and its slope is minus
    the spend of the optimal division. The next multiplier is the one at which a
    division above and a division within the budget are equally good: if no division is
    better there, it is the minimiser.
    """
    free = problem.without_budget()
    minimum_cost = problem.objective.minimum_cost(float(problem.n[-1]))
    money = abs(problem.constraints.budget) + abs(problem.spend(relaxed))
    rounding = _ROUNDING * money + minimum_cost.rounding
    cheap = _best(free.with_objective(minimum_cost))
    if cheap is None or problem.spend(cheap) > problem.max_spend:
        return None
    expensive, divisions = relaxed, [relaxed, cheap]
    best_multiplier, bound = 0.0, problem.objective_value(relaxed)
    for _ in range(_MAX_MULTIPLIERS):
        extra_spend = problem.spend(expensive) - problem.spend(cheap)
        if extra_spend <= rounding:
            break
        values = problem.objective_value(expensive), problem.objective_value(cheap)
        multiplier = max(0.0, (values[0] - values[1]) / extra_spend)
        objective = problem.objective.penalised(multiplier, rounding)
        division = _best(free.with_objective(objective))
        assert division is not None
        divisions.append(division)
        optimum = _lagrangian(problem, division, multiplier)
        candidate = optimum + multiplier * problem.max_spend + objective.rounding
        if candidate < bound:
            best_multiplier, bound = multiplier, candidate
        if optimum <= _lagrangian(problem, cheap, multiplier) + objective.rounding:
            break
        if problem.spend(division) > problem.max_spend:
            expensive = division
        else:
            cheap = division
    return DualSolution(best_multiplier, rounding, bound, divisions)


def _lagrangian(problem: CutProblem, division: Division, multiplier: float) -> float:
    return problem.objective_value(division) - multiplier * problem.spend(division)


def _best(problem: CutProblem) -> Division | None:
    """Return the best division, whatever it spends."""
    if problem.constraints.has_rates:
        return best_with_rates(problem)
    return best_division(pruned(problem))


@dataclass(slots=True, eq=False)
class BudgetSearch:
    """A search for a division within the budget that beats the objective value `best`.

    At most `width` labels are kept at a border, or in a front. `lost` is the largest
    bound of those that were dropped: if it is at most `to_beat`, none of them leads to
    more than `best`.
    """

    problem: CutProblem
    dual: DualSolution
    best: float
    lost: float
    width: int
    penalised: Objective = field(init=False)
    minimum_cost: Objective = field(init=False)
    max_spend: float = field(init=False)
    penalty: float = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        self.penalised = self.dual.penalised(problem).objective
        self.minimum_cost = problem.objective.minimum_cost(float(problem.n[-1]))
        self.max_spend, self.penalty = problem.max_spend, self.dual.penalty(problem)

    def to_beat(self) -> float:
        """Return the largest bound that leads to nothing better."""
        return self.best - self.penalty + self.penalised.rounding
