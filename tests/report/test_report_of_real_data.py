"""The whole path on published data: rows, segments, profile, report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import MECERuleSegmenter, RFMSegmenter, rfm_table
from skseg.profile import SegmentProfile, profile_segments
from skseg.report import SegmentReport


def check_report(profile: SegmentProfile, unit: str = "") -> str:
    """Write a report, look for every segment, and return it."""
    page = SegmentReport(profile, unit=unit).html()
    assert page.count('<article class="card"') == len(profile.segments_)
    assert len(page.encode()) < 600_000
    assert ">nan" not in page
    return page


def test_online_retail(data_dir: Path) -> None:
    orders = pd.read_csv(
        data_dir / "online_retail/online_retail.csv.gz",
        usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        dtype={"InvoiceNo": str},
        parse_dates=["InvoiceDate"],
        nrows=120_000,
    ).dropna()
    orders = orders[orders["Quantity"] > 0]
    orders["amount"] = orders["Quantity"] * orders["UnitPrice"]
    table = rfm_table(
        orders,
        customer_id="CustomerID",
        date="InvoiceDate",
        amount="amount",
        as_of="2012-01-01",
    )
    segmenter = RFMSegmenter().fit(table)
    profile = profile_segments(segmenter, table, value="monetary")
    page = check_report(profile, "GBP")
    assert "Champions" in page
    assert "monetary" in page


def test_telco(data_dir: Path) -> None:
    X = pd.read_csv(data_dir / "telco_churn/telco_churn.csv.gz")
    X = X.drop(columns=["customerID", "TotalCharges"])
    rules = {
        "New": "tenure < 12",
        "Loyal and dear": "tenure >= 48 and MonthlyCharges >= 80",
    }
    segmenter = MECERuleSegmenter(rules, default="Others").fit(
        X[["tenure", "MonthlyCharges"]]
    )
    profile = profile_segments(
        segmenter, X, value="MonthlyCharges", outcome="Churn", protected=["gender"]
    )
    page = check_report(profile, "USD")
    assert "Representation by gender" in page
    # Columns that the fit has never seen have p-values.
    assert profile.features_.set_index("feature")["p_valid"]["Contract"]


def test_mall(data_dir: Path) -> None:
    X = pd.read_csv(data_dir / "mall_customers/mall_customers.csv.gz")
    numbers = ["Age", "Annual Income (k$)", "Spending Score (1-100)"]
    model = make_pipeline(StandardScaler(), KMeans(5, n_init=3, random_state=0)).fit(
        X[numbers]
    )
    page = check_report(profile_segments(model, X.drop(columns="CustomerID")))
    assert "Spending Score (1-100)" in page
    assert "has no value of customers" in page


def test_bank(data_dir: Path) -> None:
    X = pd.read_csv(data_dir / "bank_marketing/bank-full.csv.gz", sep=";", nrows=15_000)
    rules = {"In debt": "balance < 0", "Savers": "balance >= 1500"}
    segmenter = MECERuleSegmenter(rules, default="Others").fit(X[["balance"]])
    profile = profile_segments(segmenter, X, value="balance", outcome="y")
    page = check_report(profile, "EUR")
    # Those in debt have a negative balance, so shares of the balance mean nothing.
    assert "most valuable" not in page
