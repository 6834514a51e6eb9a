"""The guide on revenue tiers: what it says about searches and steps holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "revenue.rst"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    rate = 1 / (1 + np.exp(-X[:, 0]))
    score = rate[:, np.newaxis]
    converted = rng.random(600) < rate
    return {
        "X": X,
        "y": converted.astype(int),
        "X_new": X,
        "y_new": converted.astype(int),
        "score": score,
        "converted": converted,
        "score_of_campaign": score,
        "score_new": score,
        "converted_new": converted,
        "basket": rng.gamma(2, 15, 600),
        "basket_new": rng.gamma(2, 15, 600),
        "GridSearchCV": GridSearchCV,
        "LogisticRegression": LogisticRegression,
        "make_pipeline": make_pipeline,
        "RandomForestClassifier": lambda: RandomForestClassifier(10, random_state=0),
    }


def test_code_of_the_guide_runs(
    names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scored").mkdir()
    columns = {"score": names["score"][:, 0], "converted": names["y"]}
    pq.write_table(pa.table(columns), "scored/part.parquet")
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"code-block:: python\n\n((?:    .*\n|\n)+)", text)
    assert len(blocks) == 7
    for block in blocks:
        code = "\n".join(line[4:] for line in block.splitlines())
        exec(compile(code, str(GUIDE), "exec"), names)  # noqa: S102, code of ours
    in_memory = names["of_files"].predict(pd.DataFrame(columns))
    of_file = pq.read_table("tiers.parquet")["segment"].to_pylist()
    assert of_file == names["of_files"].segment_names_[in_memory].tolist()
    assert names["campaign"].spend(names["score"])["spend"].sum() <= 2_000
    X, y = names["score"], names["converted"]
    search = GridSearchCV(
        names["binner"], {"response": names["responses"]}, scoring=names["yardstick"]
    )
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
