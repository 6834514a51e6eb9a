"""``skseg report``: one HTML file of the customers of a file, by the rules of one."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.profile import SegmentProfile
from tests.cli.cli_tools import LOW, skseg_command, write
from tests.modules import forget_modules


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    options = ["--customers", 150, "--seed", 1, "--no-plots", "--quiet"]
    assert skseg_command("demo", "--out", folder, *options).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a definition, and customers with columns it never names."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder / "rules.yaml", LOW)
    n = 80
    frame = pd.DataFrame(
        {
            "aov": [20.5 + i * 2 for i in range(n)],
            "visits": [i % 7 for i in range(n)],
            "gender": ["f" if i % 3 else "m" for i in range(n)],
            "postcode": [f"0{1000 + i % 4}" for i in range(n)],
            "revenue": [10.0 + i for i in range(n)],
            "converted": [i % 2 for i in range(n)],
        }
    )
    frame.to_csv(folder / "customers.csv", index=False)
    return folder


def report(folder: Path, out: Path, *options: object) -> str:
    """Return the error of a run on the shop, which is empty if all went well."""
    files = [folder / "rules.yaml", folder / "customers.csv"]
    result = skseg_command("report", *files, "--out", out, *options)
    assert result.exit_code == (2 if result.stderr else 0), result.output
    return result.stderr


def test_demo_writes_a_report(demo: Path) -> None:
    text = (demo / "report.html").read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "Champions" in text


def test_the_rules_of_a_demo_give_a_report_of_its_customers(
    demo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    files = [demo / "rules.json", demo / "customers.csv"]
    options = ["--value", "monetary", "--playbook", "rfm", "--ignore", "customer_id"]
    result = skseg_command("report", *files, "--out", out, *options, "--title", "Shop")
    assert result.exit_code == 0, result.output
    assert f"Written: {out}" in result.stdout
    assert "<title>Shop" in out.read_text(encoding="utf-8")


def test_all_columns_are_profiled_by_their_kinds(shop: Path, tmp_path: Path) -> None:
    profile_file, out = tmp_path / "profile.json", tmp_path / "report.html"
    options = ["--value", "revenue", "--outcome", "converted", "--protected", "gender"]
    assert report(shop, out, *options, "--profile-out", profile_file) == ""
    profile = SegmentProfile.from_json(profile_file)
    features = profile.features_.set_index("feature")
    assert features.loc["aov", "role"] == "rule"
    assert features.loc["visits", "kind"] == "number"
    assert features.loc["postcode", "kind"] == "level"
    assert set(profile.protected_["column"]) == {"gender"}
    assert report(shop, out, *options, "--previous", profile_file) == ""


def test_files_that_are_no_report_are_not_replaced(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.html"
    write(out, "<p>mine</p>")
    assert "is no report of skseg" in report(shop, out)
    assert out.read_text(encoding="utf-8") == "<p>mine</p>"
    for name in ("rules.yaml", "customers.csv"):
        before = (shop / name).read_bytes()
        assert "is read by this command" in report(shop, shop / name)
        assert (shop / name).read_bytes() == before
    assert "does not exist" in report(shop, tmp_path / "none" / "report.html")
    assert "is read by this command" in report(
        shop, tmp_path / "a.html", "--profile-out", tmp_path / "a.html"
    )


def test_a_report_is_replaced_by_the_same_bytes(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert report(shop, out) == ""
    before = out.read_bytes()
    assert report(shop, out) == ""
    assert out.read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--ignore", "visits"]], ids=["", "ignore"])
@pytest.mark.parametrize("has_all", [True, False], ids=["all", "few"])
def test_a_strategy_needs_the_columns_of_its_rules_alone(
    has_all: bool, options: list[str], shop: Path, tmp_path: Path
) -> None:
    frame = pd.read_csv(shop / "customers.csv")
    X = frame[["aov", "visits", "converted"]]
    model, data = tmp_path / "strategy.json", tmp_path / "data.csv"
    MECERuleSegmenter({"Low": "aov < 100"}, default="Rest").fit(X).to_json(model)
    frame.drop(columns=[] if has_all else "converted").to_csv(data, index=False)
    out = tmp_path / "report.html"
    result = skseg_command("report", model, data, "--out", out, *options)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("option", ["--value", "--outcome", "--protected", "--ignore"])
def test_columns_that_are_not_there_are_named(
    option: str, shop: Path, tmp_path: Path
) -> None:
    error = report(shop, tmp_path / "report.html", option, "revenu")
    assert "'revenu'" in error
    assert "Did you mean 'revenue'?" in error
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    forget_modules(monkeypatch, "skseg.report")
    files = [shop / "rules.yaml", shop / "customers.csv"]
    result = skseg_command("report", *files, "--out", tmp_path / "report.html")
    assert result.exit_code == 2, result.output
    assert 'pip install "skseg[report]"' in result.stderr
    demo = tmp_path / "demo"
    options = ["--customers", 50, "--no-plots"]
    result = skseg_command("demo", "--out", demo, *options)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "Not written: report.html." in text
    assert 'pip install "skseg[report]"' in text
