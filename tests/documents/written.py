"""What skseg has written: rule sets of all estimators, strategies, definitions."""

from __future__ import annotations

import json
import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN

from skseg import MECERuleSegmenter, RuleSurrogate
from skseg.rules import RuleSet
from tests.core.fitted_models import CASES, NAMES, facts_of, rows


@cache
def fitted(name: str) -> Any:
    """Return the fitted estimator of a case."""
    X = pd.DataFrame(rows(0), columns=NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = CASES[name]
        return case.fit(case.make(), X, facts_of(X.to_numpy()))


@cache
def noisy_rules() -> RuleSet:
    """Return the rules of a DBSCAN that calls some rows noise."""
    rng = np.random.default_rng(0)
    clusters = rng.normal(size=(60, 2)) * 0.3 + np.repeat([[0, 0], [4, 4]], 30, axis=0)
    X = pd.DataFrame([*clusters, [9.0, -9], [-9, 9]], columns=["recency", "monetary"])
    surrogate = RuleSurrogate(DBSCAN(eps=0.8)).fit(X)
    rules: RuleSet = surrogate.rules_
    assert rules.noise is not None
    return rules


def rule_sets() -> dict[str, RuleSet]:
    """Return the rules of every estimator that has them, and noise."""
    found = {
        name: model.rules_ for name in CASES if hasattr(model := fitted(name), "rules_")
    }
    return {**found, "noise": noisy_rules()}


@cache
def segmenters() -> dict[str, MECERuleSegmenter]:
    """Return segmenters in whose strategies every key has a value in one of them."""
    X = pd.DataFrame(rows(0), columns=NAMES)
    y = facts_of(X.to_numpy())["y"]
    tiers = {
        "Low": "monetary < {t}",
        "Mid": "{t} <= monetary < 500",
        "Top": "monetary >= 500",
    }
    quantiles = MECERuleSegmenter(
        tiers,
        params={"t": 100, "unused": ["a", "b"]},
        default="Unknown",
        universe="recency <= q(0.9)",
        min_size=20,
        schema={"monetary": {"low": 0.0}, "plan": {"values": ["a", "b"]}},
        score_weights={"outcome": 1, "size": 1, "frequency": -0.5},
        playbook={"Low": "Write"},
    )
    plain = MECERuleSegmenter({"VIP": "x1 >= max(q(0.75), 9)"}, default="Rest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "sizes": fitted("MECERuleSegmenter"),
            "quantiles": quantiles.fit(X, y),
            "arrays": plain.fit(X.to_numpy()),
        }


def strategy_text(segmenter: MECERuleSegmenter) -> str:
    """Return the strategy of a segmenter as JSON."""
    return str(segmenter.to_json(dialect=None))


DEFINITION = """\
# What people write by hand.
rules:
  VIP: monetary >= {high}
  Core: 40 <= monetary < {high} and plan in ['a', 'b']
  "It's new": "missing(recency)"
default: Rest
universe: recency <= 400
on_overlap: first
params:
  high: max(q(0.75), 90)
schema:
  monetary: {low: 0, missing: false}
  recency: {integer: true, low: 0, high: 1e3}
  plan:
    values: [a, b]
min_size: 10
max_size: 0.5
split_on: [recency, monetary]
oversize: allow
score_weights: {outcome: 2, size: -1.5}
playbook: {VIP: Call, Core: "Write: a letter"}
"""


def plain_definition() -> dict[str, Any]:
    """Return the definition as JSON holds it."""
    content: dict[str, Any] = json.loads(
        json.dumps(__import__("yaml").safe_load(DEFINITION))
    )
    return content
