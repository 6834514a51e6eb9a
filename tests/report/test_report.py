"""SegmentReport: what the document says, what it refuses, and its bytes."""

from __future__ import annotations

import builtins
import gzip
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.exceptions import (
    InvalidParameterError,
    MissingColumnError,
    MissingExtraError,
)
from skseg.profile import profile_segments
from skseg.report import SegmentReport
from skseg.report._numbers import (
    change_text,
    count_text,
    number_text,
    p_text,
    percent_text,
)
from skseg.report._pages._differences import difference_table, why_no_p_value
from skseg.report._pages._sentences import executive_sentences
from skseg.report._render import _environment

from .profiles import HOSTILE, cart_profile, hostile_profile


class _Reader(HTMLParser):
    """Collects text, tags and attributes as a browser reads them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def sentences(profile: Any, **options: Any) -> list[str]:
    return executive_sentences(SegmentReport(profile, **options)._source)


def page_text(page: str) -> str:
    return " ".join(" ".join(_Reader(page).texts).split())


def test_all_five_pages_and_every_segment_are_in_the_document() -> None:
    page = SegmentReport(cart_profile(), title="Shop").html()
    reader = _Reader(page)
    ids = [attrs.get("id") for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    tabs = ["overview", "segments", "differences", "compare", "business"]
    assert [name for name in ids if name in tabs] == tabs
    assert {f"card-{code}" for code in range(4)} <= set(ids)
    assert ("html", {"lang": "en"}) in reader.tags
    assert "<title>Shop</title>" in page


def test_the_same_input_gives_the_same_bytes() -> None:
    first = SegmentReport(cart_profile(), date="2024-12-31").html()
    cart_profile.cache_clear()
    assert SegmentReport(cart_profile(), date="2024-12-31").html() == first
    assert "As of 2024-12-31." in page_text(first)
    assert "As of" not in page_text(SegmentReport(cart_profile()).html())


def test_the_document_refers_to_nothing_outside_of_itself() -> None:
    for profile in (cart_profile(), hostile_profile()):
        reader = _Reader(SegmentReport(profile).html())
        for tag, attrs in reader.tags:
            assert tag not in {"iframe", "img", "object", "embed", "base", "form"}
            assert not any(name.startswith("on") for name in attrs)
            assert "style" not in attrs
            assert attrs.get("href", "data:,") == "data:,"
            assert "src" not in attrs


def test_the_script_is_below_three_kilobytes() -> None:
    (script,) = re.findall(
        r"<script>(.*?)</script>", SegmentReport(cart_profile()).html(), re.DOTALL
    )
    assert len(script.encode()) <= 3000


def test_hostile_names_are_text() -> None:
    page = SegmentReport(hostile_profile(), title=HOSTILE[0]).html()
    reader = _Reader(page)
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    headings = re.findall(r'<h3 id="h-card-\d+"[^>]*>(.*?)</h3>', page)
    assert [page_text(heading) for heading in headings] == [
        " ".join(name.split()) for name in HOSTILE
    ]
    assert "49" not in [text.strip() for text in reader.texts]


def test_a_notebook_shows_it_in_a_frame_without_scripts() -> None:
    frame = SegmentReport(cart_profile(), title='a "b" <c>')._repr_html_()
    ((tag, attrs),) = _Reader(frame).tags
    assert tag == "iframe"
    assert attrs["sandbox"] == ""
    assert attrs["title"] == 'a "b" <c>'
    document = attrs["srcdoc"] or ""
    assert document.startswith("<!doctype html>")
    assert "<script" not in document


def test_the_file_holds_the_document(tmp_path: Path) -> None:
    report = SegmentReport(cart_profile())
    report.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html()
    report.to_html(str(tmp_path / "again.html"))
    assert len(list(tmp_path.iterdir())) == 2


def test_without_jinja2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jinja2":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    _environment.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    report = SegmentReport(cart_profile())
    with pytest.raises(MissingExtraError, match=r"skseg\[report\]"):
        report.html()


# Plan, CLV, growth, representation


def test_a_play_is_shown_on_the_card_of_its_segment() -> None:
    plan = pd.DataFrame(
        {
            "name": ["Rest", "Hot"],
            "channel": ["mail", None],
            "tactics": [["call", "write"], []],
            "budget_share": [0.25, np.nan],
        }
    )
    page = SegmentReport(cart_profile(), plan=plan).html()
    cards = dict(
        re.findall(
            r'<article class="card" id="card-(\d)"(.*?)</article>', page, re.DOTALL
        )
    )
    rest = page_text(cards["3"])
    assert "Channel mail" in rest
    assert "Tactics call; write" in rest
    assert "Budget share 25.0%" in rest
    for code in "012":
        assert "no play for this segment" in page_text(cards[code])


@pytest.mark.parametrize("key", ["code", "segment"])
def test_a_plan_finds_its_segments_by_code_or_name(key: str) -> None:
    plan = pd.DataFrame({key: [1] if key == "code" else ["Big"], "tone": ["kind"]})
    source = SegmentReport(cart_profile(), plan=plan)._source
    assert source.plays == {1: [("Tone", "kind")]}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"plan": "mail"}, "must be a DataFrame with one row per segment"),
        ({"plan": pd.DataFrame({"name": ["Ho"]})}, "Did you mean 'Hot'"),
        ({"plan": pd.DataFrame({"name": ["Hot", "Hot"]})}, "one row per segment"),
        ({"clv": {"Hott": 1.0}}, "Did you mean 'Hot'"),
        ({"clv": {"Hot": float("nan")}}, "mapping of names of segments to numbers"),
        ({"clv": {"Hot": True}}, "mapping of names of segments to numbers"),
        ({"clv": [1, 2]}, "mapping of names of segments to numbers"),
        ({"previous": 3}, "must be a SegmentProfile or None"),
        ({"title": 3}, "must be text"),
        ({"unit": None, "dialect": "oracle"}, "must be 'duckdb' or 'sqlite' or"),
        ({"date": 2024}, "must be text or a date"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_wrong_parameters_are_named(options: Any, text: str) -> None:
    with pytest.raises(InvalidParameterError, match=text):
        SegmentReport(cart_profile(), **options)


def test_only_a_profile_is_reported() -> None:
    with pytest.raises(InvalidParameterError, match=r"skseg.profile.profile_segments"):
        SegmentReport(pd.DataFrame())  # type: ignore[arg-type]


def test_a_plan_without_names_says_what_it_needs() -> None:
    with pytest.raises(MissingColumnError, match="name"):
        SegmentReport(cart_profile(), plan=pd.DataFrame({"channel": ["mail"]}))


def test_growth_is_shown_with_a_previous_profile_alone() -> None:
    now = cart_profile()
    assert "Growth" not in page_text(SegmentReport(now).html())
    segments = now.segments_.iloc[:3].copy()
    segments["n"] = segments["n"] * 2
    segments.loc[2, "name"] = "Old"
    text = page_text(
        SegmentReport(now, previous=replace(now, segments_=segments)).html()
    )
    assert "Growth" in text
    assert "−50.0%" in text
    assert re.search(r"Old .{0,30}gone", text)
    assert re.search(r"Rest .{0,30}new", text)


def test_clv_is_shown_per_customer_and_in_all() -> None:
    profile = cart_profile()
    n = profile.segments_["n"].iloc[0]
    text = page_text(SegmentReport(profile, clv={"Hot": 120.0}, unit="EUR").html())
    assert "CLV per customer" in text
    assert number_text(120 * n, "EUR").replace("\xa0", " ") in text
    series = SegmentReport(profile, clv=pd.Series({"Hot": 120.0}), unit="EUR")
    assert page_text(series.html()) == text


def test_representation_is_shown_where_groups_are_protected() -> None:
    text = page_text(SegmentReport(cart_profile(protected=("gender",))).html())
    assert "Representation by gender" in text
    assert "Representation" not in page_text(SegmentReport(cart_profile()).html())


# P-values and their absence


def test_every_missing_p_value_has_a_reason() -> None:
    profile = cart_profile()
    rows = profile.features_.to_dict("records")
    reasons = {r["role"]: why_no_p_value(profile.rows, r) for r in rows}
    assert reasons["rule"] == "differs by construction"
    assert reasons["seen"] == "the fit saw these customers; take fresh ones"


# Sentences are true


@pytest.mark.parametrize("seed", range(5))
def test_sentences_say_what_the_tables_hold(seed: int) -> None:
    profile = cart_profile(seed)
    table = profile.segments_.set_index("name")
    text = " ".join(sentences(profile))
    assert f"{count_text(table['n'].sum())} customers are in 4 segments." in text
    assert f"largest segment is “{table['n'].idxmax()}”" in text
    best = table["value"].idxmax()
    assert f"“{best}” brings most cart_value" in text
    assert percent_text(table["value_share"][best]) in text
    top, bottom = table["outcome"].idxmax(), table["outcome"].idxmin()
    assert f"highest in “{top}”" in text
    assert f"lowest in “{bottom}”" in text
    apart = table["outcome_low"][top] > table["outcome_high"][bottom]
    assert ("do not overlap" in text) == apart


def test_means_of_few_skewed_amounts_are_no_percents_and_have_no_interval() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 40)
    amounts = 0.05 * rng.lognormal(0, 1.5, 80) * (1 + codes)
    profile = profile_segments(codes, pd.DataFrame({"x": codes}), outcome=amounts)
    assert profile.segments_[["outcome_low", "outcome_high"]].isna().all(axis=None)
    (text,) = (text for text in sentences(profile) if "mean of outcome" in text)
    assert "interval" not in text
    assert "%" not in text


def test_ties_are_no_order() -> None:
    codes = np.repeat([0, 1, 2], [50, 50, 20])
    profile = profile_segments(
        codes, pd.DataFrame({"x": codes}), value=np.ones(len(codes))
    )
    text = " ".join(sentences(profile))
    assert "largest segments are “Segment 0” and “Segment 1”" in text
    assert "brings most" not in text


def test_a_loss_has_no_share_of_the_value() -> None:
    codes = np.repeat([0, 1], 50)
    profile = profile_segments(
        codes, pd.DataFrame({"x": codes}), value=np.where(codes, -1.0, 3.0)
    )
    text = " ".join(sentences(profile))
    assert "“Segment 0” brings most value: 150." in text
    assert "%" not in text.split("brings most")[1]
    SegmentReport(profile).html()


@pytest.mark.parametrize("n_segments", [1, 2, 12])
def test_any_number_of_segments_is_reported(n_segments: int) -> None:
    codes = np.repeat(np.arange(n_segments), 30)
    page = SegmentReport(profile_segments(codes, pd.DataFrame({"x": codes}))).html()
    assert page.count('<article class="card"') == n_segments
    assert "has no value of customers" in page


def test_noise_has_a_card_like_others() -> None:
    codes = np.repeat([0, 1, -1], 40)
    page = SegmentReport(profile_segments(codes, pd.DataFrame({"x": codes}))).html()
    assert 'id="card--1"' in page
    assert ".segment--1{" in page


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (percent_text(0.5), "50.0%"),
        (percent_text(0.0), "0.0%"),
        (percent_text(1.0), "100.0%"),
        (percent_text(0.0001), "<\N{THIN SPACE}0.1%"),
        (percent_text(0.99999), ">\N{THIN SPACE}99.9%"),
        (percent_text(float("nan")), "\N{EN DASH}"),
        (percent_text(-0.1), "\N{MINUS SIGN}10.0%"),
        (count_text(1234.0), "1,234"),
        (count_text(2.5), "2.5"),
        (number_text(1234567.8), "1,234,568"),
        (number_text(float("inf")), "\N{EN DASH}"),
        (number_text(3.0, "EUR"), "3\N{NO-BREAK SPACE}EUR"),
        (number_text(-0.5), "\N{MINUS SIGN}0.5"),
        (change_text(0.0), "0.0%"),
        (change_text(-0.00001), "0.0%"),
        (change_text(0.25), "+25.0%"),
        (p_text(0.0001), "< 0.001"),
        (p_text(0.0449), "0.045"),
    ],
)
def test_numbers_in_words(text: str, wanted: str) -> None:
    assert text == wanted


def test_ten_segments_of_thirty_features_are_at_most_600_kilobytes() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 10, 4000)
    X = pd.DataFrame({f"feature_{i}": rng.normal(codes, i + 1) for i in range(30)})
    page = SegmentReport(profile_segments(codes, X, value=rng.gamma(2, 9, 4000))).html()
    assert len(page.encode()) <= 600_000
    assert len(gzip.compress(page.encode())) <= 120_000


def test_every_p_value_names_its_test() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"aov": np.linspace(0, 100, 200), "age": rng.normal(40, 9, 200)})
    X["spend"] = rng.lognormal(0, 3, 200)
    X["plan"] = rng.choice(["pro", "free"], 200)
    rules = MECERuleSegmenter({"VIP": "aov > 60"}, default="Rest").fit(X[["aov"]])
    table = difference_table(SegmentReport(profile_segments(rules, X))._source)
    notes = {row[0].text: row[-1].note for row in table.rows}
    assert notes == {
        "aov": "differs by construction",
        "age": "means, by Welch's test",
        "spend": "ranks, by Kruskal-Wallis",
        "plan": "shares, by chi-square",
    }
