"""
From clusters to rules
======================

Customers of a shop are clustered, into as many segments as there is evidence for, and
the clusters are turned into rules in years, days and currency. The customers are
generated from five known kinds, so we can check the segments.
"""

# %%
# Customers
# ---------
# Some values are missing, and some are absurd. Clustering needs few columns, on a scale
# where differences mean something: logarithms of counts, days and money.

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skseg.datasets import make_customers

customers, truth = make_customers(6_000, random_state=0, return_truth=True)
columns = ["age", "days_since_visit", "sessions_12m", "orders", "aov", "discount_share"]
X = customers[columns]
log = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
scale = make_pipeline(log, StandardScaler())
customers.head()

# %%
# Outliers come first: ages of 999 would be a cluster of their own.

known = (X["age"] <= 110) & (X["sessions_12m"] <= 10_000) & (X["orders"] <= 1_000)
print(f"{(~known).sum()} customers with absurd values")
X, kinds = X[known], truth["segment"][known]

# %%
# How many segments, if any?
# --------------------------
# The largest silhouette is compared with that of data without clusters.

from skseg.displays import NSegmentsDisplay
from skseg.model_selection import select_n_segments

selection = select_n_segments(
    scale.fit_transform(X), n_segments=range(2, 9), random_state=0
)
print(selection)
criteria = NSegmentsDisplay.from_selection(selection)

# %%
# The same question about customers of one kind only:

one_kind = make_customers(
    6_000, structure="none", missing=0, outliers=0, random_state=0
)
none = select_n_segments(scale.fit_transform(one_kind[columns]), random_state=0)
print(f"{none.n_segments}; the silhouette alone says {none.choices['silhouette']}")

# %%
# Which clusterer?
# ----------------
# `InductiveSegmenter` gives every clusterer a ``predict``, which stability needs.

from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.mixture import GaussianMixture

from skseg import InductiveSegmenter
from skseg.model_selection import compare_segmenters

k = selection.n_segments
candidates = {
    "K-Means": KMeans(k, random_state=0),
    "mixture": GaussianMixture(k, random_state=0),
    "hierarchical": InductiveSegmenter(AgglomerativeClustering(k)),
    "DBSCAN": InductiveSegmenter(DBSCAN(eps=0.8, min_samples=20)),
}
pipelines = {name: make_pipeline(scale, model) for name, model in candidates.items()}
compare_segmenters(pipelines, X, space=scale, n_replicates=3, random_state=0).round(3)

# %%
# Rules
# -----
# The surrogate clusters behind the scaler, and writes rules in front of it.

from skseg import RuleSurrogate

surrogate = RuleSurrogate(pipelines["K-Means"], random_state=0).fit(X)
print(surrogate.rules_)
print(surrogate.rules_.verify().is_mece)
print(f"fidelity {surrogate.fidelity_:.3f}, cost ratio {surrogate.cost_ratio_:.3f}")

# %%
# Who is behind the segments?

import pandas as pd

segments = pd.Series(surrogate.segment_names_[surrogate.labels_], name="segment")
pd.crosstab(segments, kinds.to_numpy(), colnames=["kind"])

# %%
# The rules as SQL give every customer the same segment:

import duckdb

case = surrogate.rules_.to_sql("duckdb", output="code", alias="code")
codes = duckdb.sql(f"SELECT {case} FROM X").df()["code"]
print((codes.to_numpy() == surrogate.predict(X)).all())

# %%
# Pictures
# --------
# Means of the segments compared with the average customer:

from skseg.displays import (
    FeatureHeatmapDisplay,
    SegmentProjectionDisplay,
    SilhouetteDisplay,
)

heatmap = FeatureHeatmapDisplay.from_estimator(surrogate, X)

# %%
# Where they are, and how far from each other:

projection = SegmentProjectionDisplay.from_estimator(surrogate, X)

# %%
# How much nearer each customer is to its own segment than to the next one:

silhouettes = SilhouetteDisplay.from_estimator(surrogate, X)
