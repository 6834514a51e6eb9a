"""Displays of clusters: their numbers recomputed, what is drawn, and their errors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import silhouette_samples
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.datasets import make_customers
from skseg.displays import (
    FeatureHeatmapDisplay,
    KDistanceDisplay,
    NSegmentsDisplay,
    SegmentProjectionDisplay,
    SegmentSizesDisplay,
    SilhouetteDisplay,
)
from skseg.displays._reading import read_fitted, read_segments, space_names
from skseg.displays._silhouette import spread_out
from skseg.displays._style import number_texts, segment_style
from skseg.model_selection import NSegmentsSelection, select_eps

NAN = float("nan")

# Two pairs and a row between them that belongs to neither.
POINTS = np.array([[0.0, 1.0], [1.0, 0.0], [8.0, 0.0], [9.0, 1.0], [4.0, 5.0]])
CODES = np.array([0, 0, 1, 1, -1])
NAMES = ["Near", "Far"]
COLUMNS = ["age", "income", "sessions_12m", "orders", "aov", "discount_share"]


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return make_customers(1500, missing=0, outliers=0, random_state=0)


@pytest.fixture(scope="module")
def kmeans(customers: pd.DataFrame) -> Any:
    pipeline = make_pipeline(StandardScaler(), KMeans(5, n_init=2, random_state=0))
    return pipeline.fit(customers[COLUMNS])


@pytest.fixture(scope="module")
def dbscan(customers: pd.DataFrame) -> Any:
    pipeline = make_pipeline(StandardScaler(), DBSCAN(eps=0.75, min_samples=8))
    return pipeline.fit(customers[COLUMNS])


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def title_of(display: Any) -> str:
    return str(display.ax_.get_title(loc="left"))


def drawn(display: Any) -> Any:
    display.figure_.draw_without_rendering()
    return display


# --- Reading -------------------------------------------------------------------------


def test_a_last_name_of_noise_is_that_of_minus_one() -> None:
    for last in ("Noise", "outside"):
        segments = read_segments("Owner", CODES, [*NAMES, last])
        assert segments.names == NAMES
        assert segments.noise == last
        assert segments.names_of(np.array([1, -1])) == ["Far", last]
    # As the name of a segment that has rows it is one.
    assert read_segments("Owner", [0, 1], ["A", "Noise"]).names == ["A", "Noise"]
    segments = read_segments("Owner", CODES, ["A", "B", "C"])
    assert segments.names == ["A", "B", "C"]
    assert segments.noise == "Noise"


def test_noise_is_shown_last_and_only_if_there_is_some() -> None:
    segments = read_segments("Owner", CODES)
    assert segments.sizes.tolist() == [2, 2, 1]
    assert segments.shown.tolist() == [0, 1, -1]
    assert read_segments("Owner", CODES[:4]).shown.tolist() == [0, 1]


def test_codes_come_of_predict_or_else_of_the_training(
    customers: pd.DataFrame, kmeans: Any, dbscan: Any
) -> None:
    X = customers[COLUMNS]
    for estimator in (kmeans, FrozenEstimator(kmeans)):
        codes = read_fitted("Owner", estimator, X[:7]).codes
        assert codes.tolist() == kmeans.predict(X[:7]).tolist()
    codes = read_fitted("Owner", dbscan, X).codes
    assert codes.tolist() == dbscan[-1].labels_.tolist()
    with pytest.raises(ValueError, match=r"'segmenter' .* with predict, or with lab"):
        read_fitted("Owner", StandardScaler().fit(X), X)
    for show in (SilhouetteDisplay, SegmentProjectionDisplay, FeatureHeatmapDisplay):
        with pytest.raises(ValueError, match=r"segment a row\. Got 1500 segments"):
            show.from_estimator(dbscan, X[:7])
        with pytest.raises(NotFittedError):
            show.from_estimator(KMeans(2), X)


def test_names_of_the_space_come_of_the_last_step_that_knows_them(
    customers: pd.DataFrame,
) -> None:
    X = customers[COLUMNS]
    model = KMeans(2, n_init=1, random_state=0)

    def names(*steps: Any, n_columns: int = len(COLUMNS)) -> list[str]:
        return space_names(make_pipeline(*steps, model).fit(X), X, n_columns)

    positions = [f"x{i}" for i in range(len(COLUMNS))]
    assert names(StandardScaler()) == COLUMNS
    assert names() == COLUMNS
    # This one cannot name what it gives, but hands a frame on to the next.
    assert names(FunctionTransformer(np.sqrt), StandardScaler()) == COLUMNS
    assert names(FunctionTransformer(np.sqrt)) == positions
    chosen = make_column_transformer((StandardScaler(), ["aov", "age"]))
    assert names(chosen, n_columns=2) == [
        "standardscaler__aov",
        "standardscaler__age",
    ]
    frozen = FrozenEstimator(make_pipeline(StandardScaler(), model).fit(X))
    assert space_names(frozen, X, len(COLUMNS)) == COLUMNS
    assert space_names(model.fit(X.to_numpy()), X.to_numpy(), 6) == positions


def test_segments_by_rules_are_seen_in_the_columns_of_their_rules() -> None:
    rng = np.random.default_rng(0)
    names = ["recency", "frequency", "monetary"]
    X = pd.DataFrame(rng.integers(1, 60, (90, 3)), columns=names)
    wide = X.assign(customer_id=rng.permutation(90), plan="pro")[
        ["plan", "customer_id", *names]
    ]
    rules = MECERuleSegmenter({"New": "recency < 30"}, default="Old")
    for segmenter in (RFMSegmenter(n_scores=3), rules):
        features, rows, widths = [], [], []
        for frame in (X, wide):
            segmenter.fit(frame)
            display = SegmentProjectionDisplay.from_estimator(segmenter, frame)
            features.append(display.features)
            rows.append(display.frame())
            silhouette = SilhouetteDisplay.from_estimator(segmenter, frame)
            widths.append(silhouette.frame())
        assert features[0] == features[1]
        assert features[0] == (names[:1] if segmenter is rules else names)
        pd.testing.assert_frame_equal(*rows)
        pd.testing.assert_frame_equal(*widths)


def test_numbers_of_a_column_have_the_same_decimals() -> None:
    minus, dash = "\N{MINUS SIGN}", "\N{EN DASH}"
    for values, expected in (
        ([0.681, 0.06, -0.2], ["0.68", "0.06", f"{minus}0.20"]),
        ([9.14, 10.04], ["9.1", "10.0"]),
        ([1.0, 2.345], ["1.00", "2.35"]),
        ([123456.7, 12.3], ["123,457", "12"]),
        ([0.0, NAN], ["0.00", dash]),
        ([1.5e-5, 2e-6], [f"1.5e{minus}05", f"2.0e{minus}06"]),
        ([3e8], ["3.0e+08"]),
    ):
        assert number_texts(np.array(values)) == expected


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_labels_are_spread_in_order_with_room_for_each(places: list[float]) -> None:
    least = 1 / (len(places) + 1)
    spread = spread_out(np.sort(places), least, 1.0)
    assert np.all(np.diff(spread) >= least - 1e-9)
    assert spread[0] >= least / 2 - 1e-9
    assert spread[-1] <= 1 - least / 2 + 1e-9


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread_out(np.array([0.2, 0.5, 0.8]), 0.1, 1.0).tolist() == [0.2, 0.5, 0.8]


def test_colours_and_markers_of_segments_differ() -> None:
    styles = {segment_style(code) for code in range(-1, 30)}
    assert len(styles) == 31


# --- SilhouetteDisplay ---------------------------------------------------------------


def test_widths_by_hand() -> None:
    display = drawn(
        SilhouetteDisplay.from_predictions(
            [[0.0], [1.0], [3.0], [50.0]], [0, 0, 1, -1], segment_names=NAMES
        )
    )
    # 1 - 1 / 3 and 1 - 1 / 2; a row alone in its segment has none.
    expected = pd.DataFrame(
        {
            "code": [0, 1],
            "name": NAMES,
            "n": [2, 1],
            "mean": [(2 / 3 + 1 / 2) / 2, 0.0],
            "negative_share": [0.0, 0.0],
        }
    )
    pd.testing.assert_frame_equal(display.frame(), expected, check_dtype=False)
    np.testing.assert_allclose(display.widths[0], [2 / 3, 1 / 2])
    assert display.silhouette == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert display.n_noise == 1
    title = "Silhouette, mean 0.39 (dashed); noise left out: 1 of 4 rows"
    assert title_of(display).replace("\n", " ") == title


def test_widths_are_those_of_scikit_learn_in_the_space_of_the_clusterer(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    X = customers[COLUMNS]
    display = SilhouetteDisplay.from_estimator(kmeans, X, max_points=1500)
    codes = kmeans.predict(X)
    widths = silhouette_samples(kmeans[:-1].transform(X), codes)
    frame = display.frame()
    for code in range(5):
        own = widths[codes == code]
        np.testing.assert_allclose(display.widths[code], -np.sort(-own), atol=1e-9)
        row = frame.loc[code]
        assert row["mean"] == pytest.approx(own.mean())
        assert row["negative_share"] == pytest.approx((own < 0).mean())
        assert row["n"] == len(own)
    assert display.silhouette == pytest.approx(widths.mean())
    raw = SilhouetteDisplay.from_predictions(X, codes)
    assert raw.silhouette == pytest.approx(silhouette_samples(X, codes).mean())


def test_few_points_are_drawn_and_all_rows_are_counted(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    X = customers[COLUMNS]
    every = SilhouetteDisplay.from_estimator(kmeans, X)
    some = SilhouetteDisplay.from_estimator(kmeans, X, max_points=10)
    pd.testing.assert_frame_equal(every.frame(), some.frame())
    assert some.silhouette == every.silhouette
    for few, many in zip(some.widths, every.widths, strict=True):
        assert len(few) == 10
        assert (few[0], few[-1]) == (many[0], many[-1])
        assert set(few) <= set(many)


def test_knives_are_as_high_as_they_have_rows(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    display = drawn(SilhouetteDisplay.from_estimator(kmeans, customers[COLUMNS]))
    knives = display.ax_.patches
    heights = [np.ptp(knife.get_data().edges) for knife in knives]
    np.testing.assert_allclose(heights, display.frame()["n"])
    starts = [knife.get_data().edges[0] for knife in knives]
    assert starts == sorted(starts)
    assert display.ax_.yaxis_inverted()
    colours = [to_hex(knife.get_facecolor()) for knife in knives]
    assert colours == [segment_style(code)[0].lower() for code in range(5)]
    lines = [line.get_xdata()[0] for line in display.ax_.lines]
    assert lines == [0.0, display.silhouette]


def test_labels_of_small_segments_do_not_collide() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(9), [400, 3, 3, 3, 3, 3, 3, 3, 400])
    X = rng.normal(size=(len(codes), 2)) + 9 * codes[:, None]
    display = drawn(SilhouetteDisplay.from_predictions(X, codes))
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert len(boxes) == 9
    for above, below in pairwise(boxes):
        assert above.y0 >= below.y1 - 1
    assert all(box.x0 >= 0 for box in boxes)


@pytest.mark.parametrize("codes", [[0, 0, 0, 0, 0], [-1] * 5, [1, 1, -1, 1, 1]])
def test_fewer_than_two_segments_have_no_silhouette(codes: list[int]) -> None:
    display = drawn(SilhouetteDisplay.from_predictions(POINTS, codes))
    assert texts(display.ax_) == ["Fewer than two segments: there is no silhouette."]
    assert np.isnan(display.silhouette)
    assert display.frame()[["mean", "negative_share"]].isna().all(axis=None)


def test_a_name_without_rows_has_no_knife_but_a_row() -> None:
    display = drawn(
        SilhouetteDisplay.from_predictions(
            POINTS[:4], [0, 0, 2, 2], segment_names=["A", "B", "C"]
        )
    )
    assert display.frame()["n"].tolist() == [2, 0, 2]
    assert display.frame()["mean"].isna().tolist() == [False, True, False]
    assert len(display.ax_.patches) == 2


def test_negative_widths_are_inside() -> None:
    display = drawn(SilhouetteDisplay.from_predictions(POINTS[:4], [0, 1, 0, 1]))
    assert (display.frame()["negative_share"] == 1).all()
    low, high = display.ax_.get_xlim()
    assert low < min(np.min(width) for width in display.widths)
    assert high > 0


# --- SegmentProjectionDisplay --------------------------------------------------------


def test_places_are_those_of_principal_components(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    X = customers[COLUMNS]
    display = SegmentProjectionDisplay.from_estimator(kmeans, X, random_state=0)
    rows = kmeans[:-1].transform(X)
    pca = PCA(2).fit(rows)
    np.testing.assert_allclose(display.explained, pca.explained_variance_ratio_)
    signs = np.sign((display.loadings * pca.components_).sum(axis=1))
    np.testing.assert_allclose(display.loadings, pca.components_ * signs[:, None])
    order = np.random.RandomState(0).permutation(len(X))
    np.testing.assert_allclose(display.points, pca.transform(rows)[order] * signs)
    np.testing.assert_array_equal(display.labels, kmeans.predict(X)[order])
    means = pd.DataFrame(pca.transform(rows) * signs).groupby(kmeans.predict(X)).mean()
    np.testing.assert_allclose(display.frame()[["x", "y"]], means, atol=1e-9)
    assert list(display.features) == COLUMNS


def test_the_frame_of_a_projection_ends_in_noise() -> None:
    display = drawn(
        SegmentProjectionDisplay.from_predictions(
            POINTS, CODES, segment_names=[*NAMES, "Noise"]
        )
    )
    frame = display.frame()
    assert frame["code"].tolist() == [0, 1, -1]
    assert frame["name"].tolist() == [*NAMES, "Noise"]
    assert frame["n"].tolist() == [2, 2, 1]
    assert frame[["x", "y"]].isna().all(axis=1).tolist() == [False, False, True]
    assert texts(display.ax_) == NAMES
    legend = display.ax_.get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["Noise: 1 rows"]


def test_samples_are_drawn_and_all_rows_count(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    X = customers[COLUMNS]

    def show(**params: Any) -> Any:
        return SegmentProjectionDisplay.from_estimator(kmeans, X, **params)

    every, some = show(random_state=0), show(max_points=50, random_state=0)
    pd.testing.assert_frame_equal(every.frame(), some.frame())
    assert np.shape(some.points) == (50, 2)
    assert title_of(some) == "Segments of 50 of 1,500 rows"
    assert title_of(every) == "Segments of 1,500 rows"
    again = show(max_points=50, random_state=0)
    np.testing.assert_array_equal(some.points, again.points)
    assert not np.array_equal(some.points, show(max_points=50, random_state=1).points)
    n_drawn = sum(len(points.get_offsets()) for points in some.ax_.collections)
    assert n_drawn == 50


def test_points_have_the_colours_of_their_segments() -> None:
    display = SegmentProjectionDisplay.from_predictions(POINTS, CODES, random_state=0)
    noise, rows = display.ax_.collections
    assert len(noise.get_offsets()) == 1
    labels = np.asarray(display.labels)
    colours = [to_hex(colour) for colour in rows.get_facecolor()]
    assert colours == [segment_style(code)[0].lower() for code in labels[labels >= 0]]
    np.testing.assert_allclose(
        rows.get_offsets(), np.asarray(display.points)[labels >= 0]
    )


def test_axes_say_the_share_and_the_leading_features() -> None:
    X = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [0.0, -1, -2, -3], "c": [1.0, 1, 1, 1]})
    display = SegmentProjectionDisplay.from_predictions(X, [0, 0, 1, 1])
    label = display.ax_.get_xlabel().replace("\N{NO-BREAK SPACE}", " ")
    assert label in {
        "First direction, 100% of the variance: + a, \N{MINUS SIGN} b",
        "First direction, 100% of the variance: + b, \N{MINUS SIGN} a",
        "First direction, 100% of the variance: \N{MINUS SIGN} b, + a",
        "First direction, 100% of the variance: \N{MINUS SIGN} a, + b",
    }
    assert display.ax_.get_ylabel().startswith("Second direction, 0% of the variance")


def test_a_single_column_and_equal_rows_are_drawn() -> None:
    for X in (POINTS[:, :1], np.ones((5, 3)), np.ones((5, 1))):
        display = drawn(SegmentProjectionDisplay.from_predictions(X, CODES))
        assert np.isfinite(display.points).all()
        assert np.isfinite(display.explained).all()
    one = SegmentProjectionDisplay.from_predictions([[1.0, 2.0]], [0])
    assert title_of(drawn(one)) == "Segments of 1 row"


def test_names_do_not_cover_each_other(customers: pd.DataFrame, kmeans: Any) -> None:
    X = customers[COLUMNS]
    names = [f"A segment of a name, {i}" for i in range(5)]
    display = drawn(
        SegmentProjectionDisplay.from_predictions(
            kmeans[:-1].transform(X), kmeans.predict(X), segment_names=names
        )
    )
    boxes = [text.get_window_extent() for text in display.ax_.texts]
    assert len(boxes) == 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


# --- FeatureHeatmapDisplay -----------------------------------------------------------

TABLE = pd.DataFrame(
    {
        "flag": [True, False, True, False, True],
        "text": list("abcde"),
        "x": [0.0, 2.0, 6.0, 8.0, NAN],
        "constant": [7] * 5,
        "when": pd.to_datetime(["2024-01-01"] * 5),
    }
)


def test_means_scores_and_shares_by_hand() -> None:
    display = FeatureHeatmapDisplay.from_predictions(TABLE, CODES, segment_names=NAMES)
    frame = display.frame().set_index(["name", "feature"])
    # Texts and dates are left out; x tells the segments apart, a constant does not.
    assert display.features == ["x", "flag", "constant"]
    assert frame.index.get_level_values(0).unique().tolist() == [*NAMES, "Noise"]
    mean = frame["mean"].unstack()[display.features]
    expected = {"x": [7, 1, NAN], "flag": [0.5, 0.5, 1.0], "constant": [7, 7, 7]}
    pd.testing.assert_frame_equal(
        mean.reset_index(drop=True),
        pd.DataFrame(expected),
        check_dtype=False,
        check_names=False,
    )
    # All rows: mean 4, deviation sqrt(10); and 0.6, sqrt(0.24).
    assert frame.loc[("Far", "x"), "score"] == pytest.approx(3 / np.sqrt(10))
    assert frame.loc[("Noise", "flag"), "score"] == pytest.approx(0.4 / np.sqrt(0.24))
    assert frame.loc[("Near", "constant"), "score"] == 0
    assert frame.loc[("Far", "x"), "share"] == pytest.approx(0.9)
    flag = (4 * 0.1**2 + 0.4**2) / 1.2
    assert frame.loc[("Far", "flag"), "share"] == pytest.approx(flag)
    assert frame.loc[("Far", "constant"), "share"] == 0
    assert frame["n"].unstack()["x"].to_dict() == {"Near": 2, "Far": 2, "Noise": 1}


def test_shares_are_explained_variances_and_sorted(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    X = customers[COLUMNS]
    display = FeatureHeatmapDisplay.from_estimator(kmeans, X)
    codes = kmeans.predict(X)
    groups = X.groupby(codes)
    expected = groups.transform("mean").var() / X.var()
    assert list(display.features) == list(expected.sort_values(ascending=False).index)
    np.testing.assert_allclose(display.shares, expected[display.features])
    np.testing.assert_allclose(display.means, groups.mean()[display.features])
    scores = (groups.mean() - X.mean()) / X.std(ddof=0)
    np.testing.assert_allclose(display.scores, scores[display.features])


def test_columns_beside_those_of_the_segmenter_can_be_shown(
    customers: pd.DataFrame, kmeans: Any
) -> None:
    display = FeatureHeatmapDisplay.from_estimator(
        kmeans, customers[COLUMNS], features=customers, max_features=4
    )
    assert len(display.features) == 4
    assert title_of(display) == "Means by segment, 4 of 14 features"
    with pytest.raises(ValueError, match=r"a row\. Got 1500 segments and 5"):
        FeatureHeatmapDisplay.from_estimator(
            kmeans, customers[COLUMNS], features=POINTS
        )


def test_kinds_of_frames_and_arrays_are_read(make_frame: Callable[[Any], Any]) -> None:
    columns = {
        "x": [0.0, 2.0, 6.0, None],
        "flag": [True, True, False, False],
        "text": list("abcd"),
    }
    for X in (make_frame(columns), np.array([[0.0, 1], [2, 1], [6, 0], [NAN, 0]])):
        display = FeatureHeatmapDisplay.from_predictions(X, [0, 0, 1, 1])
        means = display.frame().set_index(["code", "feature"])["mean"].unstack()
        x, flag = ("x", "flag") if "x" in means else ("x0", "x1")
        assert means[x].tolist() == [1.0, 6.0]
        assert means[flag].tolist() == [1.0, 0.0]


def test_cells_say_means_and_colours_say_scores() -> None:
    display = drawn(FeatureHeatmapDisplay.from_predictions(TABLE, CODES))
    assert texts(display.ax_)[:3] == ["1.00", "0.50", "7.00"]
    assert texts(display.ax_)[6] == "\N{EN DASH}"
    (image,) = display.ax_.images
    shown = np.ma.filled(image.get_array(), NAN)
    np.testing.assert_allclose(shown, display.scores)
    assert image.get_clim() == (-2.0, 2.0)
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == ["x\n90%", "flag\n17%", "constant\n0%"]


def test_features_without_a_known_value_come_last() -> None:
    X = pd.DataFrame({"unknown": [NAN] * 5, "x": [0.0, 1, 2, 3, 4]})
    display = drawn(FeatureHeatmapDisplay.from_predictions(X, CODES))
    assert display.features == ["x", "unknown"]
    assert np.isnan(np.asarray(display.means)[:, 1]).all()
    assert display.shares[1] == 0


def test_many_segments_and_features_of_long_names_are_drawn() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 20)))
    X.columns = [f"a feature of a very long name indeed, number {i}" for i in range(20)]
    names = [f"a segment of a very long name indeed, number {i}" for i in range(12)]
    display = drawn(
        FeatureHeatmapDisplay.from_predictions(
            X, np.arange(200) % 12, segment_names=names, max_features=20
        )
    )
    assert display.ax_.get_window_extent().width > 400
    assert display.ax_.get_window_extent().height > 300


def test_the_frame_of_many_cells_is_the_table_of_the_display() -> None:
    X = np.arange(40.0).reshape(10, 4) ** 2
    display = FeatureHeatmapDisplay.from_predictions(X, np.arange(10) % 3)
    frame = display.frame()
    assert len(frame) == 12
    for i, row in enumerate(frame.itertuples()):
        segment, feature = divmod(i, 4)
        assert row.code == segment
        assert row.feature == display.features[feature]
        assert row.mean == display.means[segment, feature]


def test_heatmaps_say_what_is_wrong() -> None:
    show = FeatureHeatmapDisplay.from_predictions
    with pytest.raises(ValueError, match=r"numeric or bool columns\. Got the"):
        show(TABLE[["text"]], CODES)
    with pytest.raises(ValueError, match="infinity"):
        show(np.where(POINTS == 9, np.inf, POINTS), CODES)
    with pytest.raises(ValueError, match=r"'max_features' .* an int in \[1, 200\]"):
        show(POINTS, CODES, max_features=0)


# --- SegmentSizesDisplay -------------------------------------------------------------


def test_sizes_of_a_pipeline_are_those_of_its_clusterer(
    customers: pd.DataFrame, dbscan: Any, kmeans: Any
) -> None:
    frame = SegmentSizesDisplay.from_estimator(dbscan).frame()
    codes, counts = np.unique(dbscan[-1].labels_, return_counts=True)
    assert frame["code"].tolist() == [*codes[1:], -1]
    assert frame["n"].tolist() == [*counts[1:], counts[0]]
    assert frame["name"].iloc[-1] == "Noise"
    frame = SegmentSizesDisplay.from_estimator(kmeans, customers[COLUMNS][:50]).frame()
    assert frame["n"].sum() == 50


def test_sizes_take_a_last_name_of_noise() -> None:
    show = SegmentSizesDisplay.from_predictions
    frame = show(CODES, segment_names=[*NAMES, "Noise"]).frame()
    assert frame["name"].tolist() == [*NAMES, "Noise"]
    assert frame["n"].tolist() == [2, 2, 1]
    frame = show(CODES[:4], segment_names=[*NAMES, "Noise"]).frame()
    assert frame["name"].tolist() == NAMES


# --- KDistanceDisplay ----------------------------------------------------------------


def test_distances_and_knees_are_those_of_the_selection() -> None:
    X, _ = make_blobs(300, centers=3, cluster_std=0.6, random_state=0)
    found = select_eps(X, min_samples=[4, 9])
    display = KDistanceDisplay.from_selection(found)
    frame = display.frame()
    for number, curve in found.k_distances.items():
        own = frame[frame["min_samples"] == number]
        np.testing.assert_array_equal(own["distance"], curve)
        np.testing.assert_allclose(own["share"], np.arange(1, 301) / 300)
        assert (own["knee"] == found.knees[number]).all()
    core = [(found.k_distances[n] <= found.knees[n]).mean() for n in (4, 9)]
    np.testing.assert_allclose(display.core_shares, core)
    from_data = KDistanceDisplay.from_data(X, min_samples=[9, 4, 4])
    pd.testing.assert_frame_equal(from_data.frame(), frame)


def test_a_curve_is_the_sorted_distance_to_a_neighbour() -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    frame = KDistanceDisplay.from_data(X, min_samples=5).frame()
    distances = np.sqrt(((X[:, None] - X) ** 2).sum(axis=-1))
    # The row itself is the first of the five.
    np.testing.assert_allclose(
        frame["distance"], np.sort(np.sort(distances, axis=1)[:, 4])
    )


def test_knees_are_marked_on_their_curves() -> None:
    X, _ = make_blobs(300, centers=3, cluster_std=0.6, random_state=0)
    display = drawn(KDistanceDisplay.from_data(X, min_samples=[4, 9]))
    marks = [line for line in display.ax_.lines if line.get_marker() == "o"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks]
    assert places == list(zip(100 * display.core_shares, display.knees, strict=True))
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    for text, number, knee in zip(legend, (4, 9), display.knees, strict=True):
        assert text.startswith(f"min_samples {number}: knee at {knee:.3g}, ")


def test_few_points_keep_the_ends_of_a_curve() -> None:
    X = np.random.default_rng(0).normal(size=(200, 2))
    every = KDistanceDisplay.from_data(X, min_samples=5)
    some = KDistanceDisplay.from_data(X, min_samples=5, max_points=20)
    few, many = some.frame(), every.frame()
    assert len(few) == 20
    assert few.iloc[[0, -1]].to_numpy().tolist() == (
        many.iloc[[0, -1]].to_numpy().tolist()
    )
    assert len(few.merge(many)) == 20
    np.testing.assert_array_equal(some.core_shares, every.core_shares)


def test_a_few_far_rows_are_beyond_the_axis_which_says_so() -> None:
    X = np.random.default_rng(0).normal(size=(400, 2))
    X[0] = 500.0
    display = drawn(KDistanceDisplay.from_data(X, min_samples=5))
    assert display.ax_.get_ylim()[1] < 20
    largest = display.frame()["distance"].max()
    assert f"up to {largest:.3g}" in display.ax_.get_ylabel()
    usual = KDistanceDisplay.from_data(X[1:], min_samples=5)
    assert usual.ax_.get_ylim()[1] >= usual.frame()["distance"].max()
    assert "cut off" not in usual.ax_.get_ylabel()


def test_equal_rows_have_no_knee() -> None:
    display = drawn(KDistanceDisplay.from_data(np.ones((30, 2)), min_samples=5))
    assert np.isnan(display.knees).all()
    assert np.isnan(display.core_shares).all()
    (text,) = display.ax_.get_legend().get_texts()
    assert text.get_text() == "min_samples 5: no knee"


def test_distances_say_what_is_wrong() -> None:
    show = KDistanceDisplay.from_data
    for numbers in (1, 6, [2, 99], 2.0):
        with pytest.raises(ValueError, match=r"'min_samples' .* an int in \[2, 5\]"):
            show(POINTS, min_samples=numbers)
    with pytest.raises(ValueError, match=r"'min_samples' .* an int, or up to 12"):
        show(POINTS, min_samples=[])
    with pytest.raises(ValueError, match=r"'min_samples' .* an int, or up to 12"):
        show(np.eye(30), min_samples=range(2, 15))
    with pytest.raises(ValueError, match=r"'max_points' .* an int in \[2, 1000000\]"):
        show(POINTS, min_samples=2, max_points=1)
    with pytest.raises(ValueError, match=r"'eps_selection' .* an EpsSelection, with"):
        KDistanceDisplay.from_selection(POINTS)


# --- NSegmentsDisplay ----------------------------------------------------------------

CRITERIA = pd.DataFrame(
    {
        "n_segments": [1, 2, 3, 4],
        "inertia": [40_000.0, 22_000.0, 9_000.0, 8_500.0],
        "elbow": [0.0, 0.24, 0.32, 0.0],
        "silhouette": [NAN, 0.4, 0.6, 0.5],
        "gap": [0.1, 0.2, 0.5, 0.49],
        "gap_se": [0.01, 0.02, 0.03, 0.04],
        "prediction_strength": [1.0, 0.9, 0.85, 0.4],
    }
)
CHOICES = {"elbow": 3, "silhouette": 3, "gap": 2, "prediction_strength": 3}


def selection(**changes: Any) -> NSegmentsSelection:
    values: dict[str, Any] = {
        "n_segments": 3,
        "has_structure": True,
        "reason": "",
        "p_value": 0.0476,
        "p_values": {},
        "valleys": pd.DataFrame(),
        "choices": CHOICES,
        "table": CRITERIA,
        "centers": {},
    }
    return NSegmentsSelection(**values | changes)


def test_criteria_are_read_off_the_table() -> None:
    display = NSegmentsDisplay.from_selection(selection())
    frame = display.frame().set_index(["criterion", "n_segments"])
    for name in ("silhouette", "gap", "prediction_strength"):
        expected = CRITERIA.set_index("n_segments")[name].dropna()
        assert frame.loc[name, "value"].to_dict() == expected.to_dict()
    # Of the elbow the curve itself is shown.
    assert frame.loc["elbow", "value"].tolist() == CRITERIA["inertia"].tolist()
    assert frame.loc["gap", "error"].tolist() == CRITERIA["gap_se"].tolist()
    assert frame["error"].drop("gap", level=0).isna().all()
    chosen = frame.index[frame["is_choice"]].tolist()
    assert chosen == list(CHOICES.items())


def test_every_panel_marks_its_choice_and_the_verdict() -> None:
    display = drawn(NSegmentsDisplay.from_selection(selection()))
    assert [panel.get_title(loc="left") for panel in display.axes_] == [
        "Elbow of the inertia: 3",
        "Silhouette: 3 (largest)",
        "Gap: 2 (first within 1 SE)",
        "Prediction strength: 3 (last \N{GREATER-THAN OR EQUAL TO} 0.8)",
    ]
    values = {"elbow": "inertia"}
    for panel, (name, choice) in zip(display.axes_, CHOICES.items(), strict=True):
        marks = [line for line in panel.lines if line.get_markersize() == 10]
        (mark,) = marks
        column = CRITERIA.set_index("n_segments")[values.get(name, name)]
        assert mark.get_xdata().tolist() == [choice]
        assert mark.get_ydata().tolist() == [column[choice]]
        dashed = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert [line.get_xdata()[0] for line in dashed] == [3]


def test_the_title_is_the_verdict() -> None:
    show = NSegmentsDisplay.from_selection
    some = selection(choices={"gap": 2})
    assert title_of(show(some)) == "3 segments; cluster structure (p = 0.048)"
    none = selection(n_segments=1, has_structure=False, p_value=0.35)
    display = drawn(show(none))
    assert title_of(display) == "No cluster structure (p = 0.35)"
    # The verdict is within the panels, even where a criterion does not begin at 1.
    assert all(panel.get_xlim()[0] < 1 for panel in display.axes_)
    one = selection(n_segments=1, choices={"gap": 1}, p_value=0.01)
    assert title_of(show(one)) == "1 segment; cluster structure (p = 0.01)"


@pytest.mark.parametrize("size", [(12.0, 3.0), (6.4, 4.8), (3.0, 9.0)])
def test_panels_and_their_texts_do_not_overlap(size: tuple[float, float]) -> None:
    _, ax = plt.subplots(figsize=size)
    display = drawn(NSegmentsDisplay.from_selection(selection(), ax=ax))
    boxes = [panel.get_tightbbox() for panel in display.axes_]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    titles = [text for text in (ax.title, ax._left_title) if text.get_text()]
    assert not any(box.overlaps(titles[0].get_window_extent()) for box in boxes)


def test_one_criterion_is_one_panel() -> None:
    display = drawn(NSegmentsDisplay.from_selection(selection(choices={"gap": 2})))
    assert len(display.axes_) == 1
    assert set(display.frame()["criterion"]) == {"gap"}


def test_selections_of_numbers_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"'selection' .* an NSegmentsSelection, with"):
        NSegmentsDisplay.from_selection(CRITERIA)
    with pytest.raises(ValueError, match="needs the column 'davies'"):
        NSegmentsDisplay.from_selection(selection(choices={"davies": 2}))


# --- The segmenters of skseg ---------------------------------------------------------

SEGMENTERS = pytest.mark.parametrize(
    "clusterer",
    [
        KMeans(4, n_init=1, random_state=0),
        DBSCAN(eps=0.75, min_samples=8),
        HDBSCAN(min_cluster_size=40, copy=True),
    ],
    ids=lambda clusterer: type(clusterer).__name__,
)


@SEGMENTERS
def test_inductive_segmenters_are_drawn_with_their_names(
    customers: pd.DataFrame, clusterer: Any
) -> None:
    X = customers[COLUMNS]
    pipeline = make_pipeline(StandardScaler(), InductiveSegmenter(clusterer)).fit(X)
    segmenter = pipeline[-1]
    table = segmenter.segments_
    sizes = SegmentSizesDisplay.from_estimator(segmenter).frame()
    assert sizes["name"].tolist() == table["name"].tolist()
    assert sizes["n"].tolist() == table["n"].tolist()
    with_x = SegmentSizesDisplay.from_estimator(pipeline, X).frame()
    codes = pipeline.predict(X)
    for row in with_x.itertuples():
        assert row.name == segmenter.segment_names_[row.code]
        assert row.n == (codes == row.code).sum()
    for show in (SilhouetteDisplay, SegmentProjectionDisplay, FeatureHeatmapDisplay):
        frame = show.from_estimator(pipeline, X).frame()
        names = dict(zip(frame["code"], frame["name"], strict=True))
        assert all(segmenter.segment_names_[c] == name for c, name in names.items())
        shown = {*names} | ({-1} if show is SilhouetteDisplay else set())
        assert {*codes} <= shown


@pytest.mark.parametrize("has_noise", [False, True])
def test_surrogates_are_drawn_with_their_names(
    customers: pd.DataFrame, has_noise: bool
) -> None:
    X = customers[COLUMNS][:700]
    clusterer = (
        DBSCAN(eps=0.75, min_samples=8)
        if has_noise
        else KMeans(4, n_init=1, random_state=0)
    )
    pipeline = make_pipeline(StandardScaler(), InductiveSegmenter(clusterer))
    surrogate = RuleSurrogate(pipeline, random_state=0).fit(X)
    sizes = SegmentSizesDisplay.from_estimator(surrogate, X).frame()
    assert sizes["n"].sum() == len(X)
    codes = surrogate.predict(X)
    for row in sizes.itertuples():
        assert row.name == surrogate.segment_names_[row.code]
        assert row.n == (codes == row.code).sum()
    table = SegmentSizesDisplay.from_estimator(surrogate).frame()
    assert table["name"].tolist() == surrogate.segments_["name"].tolist()
    heat = FeatureHeatmapDisplay.from_estimator(surrogate, X).frame()
    assert {*heat["code"]} >= {*codes}
    display = SegmentProjectionDisplay.from_estimator(surrogate, X)
    assert list(display.features) == COLUMNS
    # Distances are measured where the clusterer has measured them.
    assert np.asarray(display.points).std() < 10


# --- All -----------------------------------------------------------------------------


def silhouette(**params: Any) -> Any:
    return SilhouetteDisplay.from_predictions(POINTS, CODES, **params)


def projection(**params: Any) -> Any:
    return SegmentProjectionDisplay.from_predictions(
        POINTS, CODES, segment_names=["$5_x$", "A name " * 9], **params
    )


def heatmap(**params: Any) -> Any:
    return FeatureHeatmapDisplay.from_predictions(
        POINTS, CODES, segment_names=["$5_x$", "A name " * 9], **params
    )


def distances(**params: Any) -> Any:
    return KDistanceDisplay.from_data(POINTS, min_samples=[2, 3], **params)


def criteria(**params: Any) -> Any:
    return NSegmentsDisplay.from_selection(selection(), **params)


OF_ROWS = pytest.mark.parametrize("make", [silhouette, projection, heatmap])
ALL = pytest.mark.parametrize(
    "make", [silhouette, projection, heatmap, distances, criteria]
)


@ALL
def test_displays_of_clusters_hand_on_axes_and_title_and_can_be_made_of_their_numbers(
    make: Any,
) -> None:
    figure, ax = plt.subplots()
    display = make(ax=ax, title="Mine $5_x$")
    assert plt.get_fignums() == [figure.number]
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_title(loc="left") == "Mine $5_x$"
    numbers = {k: v for k, v in vars(display).items() if not k.endswith("_")}
    again = type(display)(**numbers)
    pd.testing.assert_frame_equal(again.frame(), display.frame())
    figure.draw_without_rendering()


@ALL
def test_texts_stay_in_the_figure(make: Any) -> None:
    for ax in (None, plt.subplots()[1]):
        display = drawn(make(ax=ax))
        for one in display.figure_.axes:
            box, figure = one.get_tightbbox(), display.figure_.bbox
            assert box.x0 >= -1
            assert box.x1 <= figure.x1 + 1
            assert box.y0 >= -1
            assert box.y1 <= figure.y1 + 1


@OF_ROWS
def test_displays_of_rows_say_what_is_wrong(make: Any) -> None:
    show = type(make()).from_predictions
    with pytest.raises(ValueError, match=r"labels of .* must be whole numbers"):
        show(POINTS, ["a"] * 5)
    with pytest.raises(ValueError, match="'labels' parameter"):
        show(POINTS, [0, 0, 1, 1, -2])
    with pytest.raises(ValueError, match=r"a name for every code up to 1\. Got \['A'"):
        show(POINTS, CODES, segment_names=["A"])
    with pytest.raises(ValueError, match=r"Got 2 segments and 5 rows"):
        show(POINTS, [0, 1])
