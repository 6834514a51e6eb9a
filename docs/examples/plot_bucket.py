"""
From a bucket of Parquet to segments
====================================

Order lines lie in a folder with one Parquet file a month. They become customers, the
customers become named segments and clusters, and every customer gets a segment: all of
it by DuckDB, which reads the files a piece at a time. Only counts, cut points and a
sample come into Python, so that the folder may be larger than the memory. A relation of
DuckDB, a DataFrame of Spark or a table of a database goes the same way.
"""

# %%
# A bucket
# --------
# Here it is generated, into a temporary folder. Yours has a name such as
# ``"s3://shop/orders/*.parquet"``.

from pathlib import Path
from tempfile import TemporaryDirectory

from skseg.datasets import make_orders

bucket = TemporaryDirectory()
folder = Path(bucket.name)
orders = make_orders(5_000, messy=True, random_state=0)
(folder / "orders").mkdir()
for month, lines in orders.groupby(orders["date"].dt.strftime("%Y-%m")):
    lines.to_parquet(folder / "orders" / f"{month}.parquet")
print(len(list((folder / "orders").iterdir())), "files")

# %%
# Orders to customers
# -------------------
# The call is that for a frame in memory. It returns a relation of DuckDB, which has the
# same days and cents, and a report of the lines that could not be used. `scan_files`
# says how much memory DuckDB may take.

from skseg import rfm_table
from skseg.engines import scan_files

table = scan_files(folder / "orders", memory_limit="1GB", threads=2)
customers, report = rfm_table(
    table,
    customer_id="customer_id",
    order_id="order_id",
    date="date",
    amount="amount",
    as_of="2025-01-01",
    invalid="exclude",
    return_report=True,
)
customers.write_parquet(str(folder / "customers.parquet"))
print(report)

# %%
# Customers to segments
# ---------------------
# ``fit`` fetches the exact quantiles of the columns. The rules are those of a fit in
# memory, to the last bit.

from skseg import RFMSegmenter

path = folder / "customers.parquet"
segmenter = RFMSegmenter("grid").fit(path)
print(segmenter.cut_points_)

# %%
# ``label`` gives every customer a segment, as a relation that is not computed before it
# is read, or as a file.

segmenter.label(path, to=folder / "segments.parquet")

# %%
# Who they are
# ------------
# A profile takes a table as well: values are grouped by segment, and counts, quantiles
# and tests are computed from the groups. Names, reports and playbooks read the profile,
# and not the customers.

from skseg.profile import profile_segments

profile = profile_segments(
    segmenter,
    path,
    features=["recency", "frequency", "monetary", "mean_gap"],
    value="monetary",
)
profile.segments_[["name", "n", "share", "value_share"]].round(3)

# %%
print(profile.description("Champions"))

# %%
# Clusters from a sample
# ----------------------
# K-Means needs rows. `sample_rows` draws those with the smallest hashes of their ids,
# which are the same customers in every engine, and again tomorrow. The rules that stand
# in for the clusters hold for all customers, and the engine counts how often they agree
# with the nearest centre.

from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import RuleSurrogate, sample_rows

columns = ["recency", "frequency", "monetary"]
sample = sample_rows(path, "customer_id", n_rows=2_000, columns=columns)
pipeline = make_pipeline(StandardScaler(), KMeans(4, n_init=5, random_state=0))
surrogate = RuleSurrogate(pipeline, max_rules=8, random_state=0).fit(sample)
pairs = surrogate.agreement(path)
is_same = pairs["code"] == pairs["code_by_rules"]
print(surrogate.rules_)
print(f"{pairs['n'][is_same].sum() / pairs['n'].sum():.1%} of all customers")

# %%
# A picture
# ---------
# Few segments bring most of the revenue. The numbers are those of all customers,
# although none of them is in Python.

from skseg.displays import SegmentSizesDisplay

display = SegmentSizesDisplay.from_estimator(segmenter)
bucket.cleanup()
