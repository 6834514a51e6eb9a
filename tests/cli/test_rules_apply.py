"""``skseg rules apply``: rules and data that go together, and those that do not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.cli._outputs import RULES_FILES
from skseg.rules import RuleSet
from tests.cli.cli_tools import (
    FAST,
    GAP,
    LOW,
    OVERLAP,
    checked,
    names_in,
    refused,
    skseg_command,
    without_extras,
    write,
)


def test_apply_gives_what_the_library_gives(
    good: Path, carts: pd.DataFrame, carts_csv: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = skseg_command(
        *("rules", "apply", good, carts_csv, "--out", out, "--id", "user_id"),
        *("--outcome", "converted"),
    )
    assert result.exit_code == 0, result.output
    X = carts[["days_since_abandon", "aov"]]
    expected = MECERuleSegmenter(
        {
            "VIP": "aov >= max(q(0.75), {aov_min})",
            "Core": "40 <= aov < max(q(0.75), {aov_min})",
            "Small": "aov < 40\nand not missing(aov)  # a rule may run over lines\n",
        },
        params={"aov_min": 90},
        default="New",
        universe="days_since_abandon <= 7",
        min_size=100,
        max_size=300,
        playbook={"VIP": "call them"},
    ).fit(X, carts["converted"])
    rows = pd.read_csv(out / "rows.csv")
    assert list(rows) == ["user_id", "segment_code", "segment"]
    assert (rows["user_id"] == carts["user_id"]).all()
    assert (rows["segment_code"] == expected.labels_).all()
    assert (rows["segment"] == expected.segment_names_[expected.labels_]).all()
    assert (rows["segment"] == "outside").sum() == expected.n_outside_
    text = (out / "strategy.json").read_text(encoding="utf-8")
    assert text == expected.to_json() + "\n"
    assert (out / "strategy.csv").read_bytes().decode() == expected.to_csv()
    assert names_in(out) == RULES_FILES.keys() - {"rules.json", "rows.parquet"}
    for name in ("sizes.png", "flow.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    for name in expected.segment_names_:
        assert f"\n{name} " in result.stdout
    for n in expected.segments_["n"]:
        assert f" {n} " in result.stdout
    assert "The 5 segments are mutually exclusive" in result.stdout
    for name in RULES_FILES.keys() - {"rules.json", "rows.parquet"}:
        assert RULES_FILES[name].partition(",")[0] in " ".join(result.stdout.split())


def test_the_written_strategy_and_query_give_the_same_segments(
    good: Path, carts_csv: Path, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    arguments = ["rules", "apply", good, carts_csv, "--out", first, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    strategy = first / "strategy.json"
    assert checked(strategy)[0] == 0
    arguments = ["rules", "apply", strategy, carts_csv, "--out", again, *FAST]
    assert skseg_command(*arguments).exit_code == 0
    for name in ("rows.csv", "strategy.json", "strategy.csv", "rules.sql"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    rows = pd.read_csv(first / "rows.csv")
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE customers AS FROM read_csv('{carts_csv}')")
        query = (first / "rules.sql").read_text(encoding="utf-8")
        result_rows = database.execute(query).fetchall()
    assert [row[-2] for row in result_rows] == rows["segment_code"].to_list()
    assert [row[-1] for row in result_rows] == rows["segment"].to_list()


def test_rule_sets_are_resolved_on_the_data_and_applied_as_they_are(
    odd: Path, tmp_path: Path
) -> None:
    rules = RuleSet({"A": "aov >= q(0.5)", "B": "plan == '1'"}, universe="w >= 1")
    path = write(tmp_path / "r.json", rules.to_json())
    out = tmp_path / "out"
    arguments = ["rules", "apply", path, odd, "--out", out, "--no-plots"]
    result = skseg_command(*arguments, "--weight", "w")
    assert result.exit_code == 0, result.output
    assert "Not mutually exclusive: 1 pair overlaps." in result.stdout
    assert "rows without one have no segment" in result.stdout
    assert "\n(no segment)     2 " in result.stdout
    assert "\nA                3  ████████████████  60.0%" in result.stdout
    assert (out / "rows.csv").read_text(encoding="utf-8") == (
        "row,segment_code,segment\n1,-1,\n2,0,A\n3,-1,\n4,0,A\n"
    )
    written = RuleSet.from_json((out / "rules.json").read_text(encoding="utf-8"))
    # The median of 10, 12.5, 200 and 200, for the row of 200 counts twice.
    assert str(written["A"]) == "aov >= 12.5"
    names = names_in(out)
    assert names == {"rows.csv", "rules.json", "rules.sql"}


def test_noise_has_the_code_minus_1_and_is_counted_last(
    odd: Path, tmp_path: Path
) -> None:
    rules = RuleSet({"Big": "aov >= 100", "noise": "not aov >= 100"}, noise="noise")
    path, out = write(tmp_path / "r.json", rules.to_json()), tmp_path / "out"
    result = skseg_command("rules", "apply", path, odd, "--out", out)
    assert result.exit_code == 0, result.output
    assert "\nnoise           3  ████████████████  75.0%" in result.stdout
    assert (out / "rows.csv").read_text(encoding="utf-8") == (
        "row,segment_code,segment\n1,-1,noise\n2,0,Big\n3,-1,noise\n4,-1,noise\n"
    )
    names = names_in(out)
    assert names == {"rows.csv", "rules.json", "rules.sql", "sizes.png"}


def test_text_and_ids_keep_their_zeros_and_empty_cells_are_missing(
    odd: Path, tmp_path: Path
) -> None:
    text = (
        "rules:\n  Unknown: missing(plan)\n  Old: plan == '01'\n  Big: aov >= 12\n"
        "on_overlap: first\ndefault: Rest\n"
    )
    path, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    arguments = ["rules", "apply", path, odd, "--out", out, "--id", "id"]
    result = skseg_command(*arguments, "--no-plots")
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "As written 2 pairs of rules overlap; the first rule that holds" in shown
    assert (out / "rows.csv").read_text(encoding="utf-8") == (
        "id,segment_code,segment\n007,1,Old\n7,2,Big\nNA,1,Old\nx,0,Unknown\n"
    )
    query = (out / "rules.sql").read_text(encoding="utf-8")
    assert "-- Text, leading zeros included: plan.\n" in query
    with duckdb.connect() as database:
        database.execute(
            f"CREATE TABLE customers AS FROM read_csv('{odd}', header=true, "
            "types={'plan': 'VARCHAR', 'id': 'VARCHAR', 'aov': 'DOUBLE'})"
        )
        result_rows = database.execute(query).fetchall()
    assert [row[-2] for row in result_rows] == [1, 2, 1, 0]


def test_weights_count_and_outcomes_are_averaged(odd: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "r.yaml", "rules: {Low: aov < 100}\ndefault: Rest\n")
    options = ["--outcome", "paid", "--weight", "w"]
    result = skseg_command("rules", "apply", path, odd, *options)
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert "Low 2 ██████████▋ 40.0% 0 0.00" in text
    assert "Rest 3 ████████████████ 60.0% 1 1.00" in text
    assert "Nothing is written without --out FOLDER." in text
    assert {item.name for item in tmp_path.iterdir()} == {odd.name, path.name}


def test_columns_to_split_on_and_to_score_are_read_as_numbers(
    odd: Path, tmp_path: Path
) -> None:
    text = (
        "rules: {All: not missing(id)}\nsplit_on: [w]\nmax_size: 3\n"
        "score_weights: {size: 1, paid: 1}\ndefault: Rest\n"
    )
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    result = skseg_command("rules", "apply", rules, odd, "--out", out, "--no-plots")
    assert result.exit_code == 0, result.output
    strategy = pd.read_csv(out / "strategy.csv")
    assert "mean_paid" in strategy
    assert strategy.set_index("name")["n"].to_dict() == {
        "All / w up to 1": 3,
        "All / w over 1 or missing": 1,
        "Rest": 0,
    }


def apply_to(
    odd: Path, tmp_path: Path, text: str, *options: object, status: int = 2
) -> str:
    rules = write(tmp_path / "r.yaml", text)
    result = skseg_command(
        "rules", "apply", rules, odd, "--out", tmp_path / "out", *options
    )
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()
    return result.stderr.removeprefix("Error: ").rstrip()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "rules: {Low: avo < 100}\ndefault: Rest\n",
            [],
            (
                "odd.csv needs the column 'avo'. Available: 'id', 'aov', 'plan', "
                "'note', 'paid', 'w'. Did you mean 'aov'?"
            ),
        ),
        (
            LOW,
            ["--outcome", "aov"],
            (
                "odd.csv, line 6: The column 'aov' must hold a finite number in every "
                "row. Got an empty field."
            ),
        ),
        (
            LOW,
            ["--outcome", "note"],
            (
                "odd.csv, line 2: The column 'note' must hold numbers, or nothing "
                "where the value is missing. Got 'a'."
            ),
        ),
        (
            GAP + "schema: {aov: {missing: false}}\n",
            [],
            (
                "odd.csv, line 6: The row belongs to no segment: it contradicts the "
                "schema, on which the proof relies, in column 'aov' (missing: false). "
                "Mend the data, say less in schema, or put such rows outside with "
                "'on_invalid: outside'."
            ),
        ),
        (
            LOW + "universe: aov > 1000\n",
            [],
            ("r.yaml: No row lies in the universe, which is aov > 1000. Widen it."),
        ),
        (
            LOW + "score_weights: {outcome: 1}\n",
            [],
            (
                "r.yaml: The score_weights name 'outcome', and no outcome is given. "
                "Give --outcome."
            ),
        ),
        (
            LOW + "playbook: {Lwo: call}\n",
            [],
            (
                "r.yaml: The playbook names 'Lwo', which is neither a segment nor a "
                "rule. Did you mean 'Low'?"
            ),
        ),
        (
            "rules: {All: 'True'}\n",
            [],
            "The rules of r.yaml mention no column.",
        ),
    ],
)
def test_rules_and_data_that_do_not_go_together(
    odd: Path, tmp_path: Path, text: str, options: list[str], message: str
) -> None:
    assert apply_to(odd, tmp_path, text, *options) == message


def test_rows_that_break_the_schema_are_outside_where_that_is_declared(
    odd: Path, tmp_path: Path
) -> None:
    text = GAP + "schema: {aov: {low: 11, missing: false}}\non_invalid: outside\n"
    path, first = write(tmp_path / "r.yaml", text), tmp_path / "first"
    assert checked(path)[0] == 0
    arguments = ["rules", "apply", path, odd, "--out", first, *FAST]
    result = skseg_command(*arguments)
    assert result.exit_code == 0, result.output
    names = ["outside", "High", "outside", "Low"]
    assert pd.read_csv(first / "rows.csv")["segment"].tolist() == names
    strategy = first / "strategy.json"
    for refit in ([], ["--refit"]):
        again = tmp_path / f"again{len(refit)}"
        arguments = ["rules", "apply", strategy, odd, "--out", again, *FAST, *refit]
        result = skseg_command(*arguments)
        assert result.exit_code == 0, result.output
        for name in ("rows.csv", "strategy.json", "rules.sql"):
            assert (first / name).read_bytes() == (again / name).read_bytes()


def test_a_row_that_is_refused_may_be_put_outside_as_the_message_says(
    odd: Path, tmp_path: Path
) -> None:
    text = GAP + "schema: {aov: {missing: false}}\n"
    message = apply_to(odd, tmp_path, text)
    setting = message.rpartition("outside with '")[2].removesuffix("'.")
    path = write(tmp_path / "mended.yaml", f"{text}{setting}\n")
    result = skseg_command("rules", "apply", path, odd)
    assert result.exit_code == 0, result.output
    assert "\noutside " in result.stdout


@pytest.mark.parametrize("key", ["encode: ordinal", "cv: 3", "pos_label: 'yes'"])
def test_keys_about_pipelines_are_none_of_a_file_of_rules(
    odd: Path, tmp_path: Path, key: str
) -> None:
    message = apply_to(odd, tmp_path, f"{LOW}{key}\n")
    assert f"Unknown key '{key.partition(':')[0]}'" in message


def test_refuted_rules_have_the_status_that_check_gives_them(
    odd: Path, tmp_path: Path
) -> None:
    assert apply_to(odd, tmp_path, GAP, status=1) == (
        "r.yaml: The rules leave gaps.\nNot collectively exhaustive.\n"
        "  no rule holds where aov: missing; for example aov=missing\n"
        "Of the 4 rows to be segmented, 0 satisfy several rules and 1 none.\n"
        "Mend the rules, or declare what is meant: 'default: Others' makes a "
        "segment of all other rows."
    )
    assert checked(tmp_path / "r.yaml")[0] == 1
    overlap = apply_to(odd, tmp_path, OVERLAP, status=1)
    assert overlap.startswith("r.yaml: The rules overlap.\n")
    assert checked(tmp_path / "r.yaml")[0] == 1


def test_bad_weights_ids_and_empty_data(odd: Path, tmp_path: Path) -> None:
    negative = write(tmp_path / "n.csv", "aov,w,segment\n1,-1,a\n")
    assert apply_to(negative, tmp_path, LOW, "--weight", "w") == (
        "n.csv, line 2: The weight in column 'w' is negative."
    )
    zero = write(tmp_path / "z.csv", "aov,w\n1,0\n2,0\n")
    assert apply_to(zero, tmp_path, LOW, "--weight", "w") == (
        "z.csv: The weight in column 'w' is zero in every row."
    )
    assert apply_to(negative, tmp_path, LOW, "--id", "segment") == (
        "The id column must not be called 'segment', like a column of the result. "
        "Rename it."
    )
    empty = write(tmp_path / "e.csv", "aov,w\n")
    assert apply_to(empty, tmp_path, LOW) == "e.csv holds no rows."


def test_an_edited_strategy_that_is_no_partition_is_refused(
    odd: Path, tmp_path: Path
) -> None:
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "first"
    skseg_command("rules", "apply", rules, odd, "--out", out, *FAST)
    path = out / "strategy.json"
    text = path.read_text(encoding="utf-8").replace('"rule": null', '"rule": "aov > 1"')
    error = apply_to(odd, tmp_path, text, status=1)
    assert error.startswith("r.yaml: The rules of the strategy are no partition.\n")


def test_sizes_that_cannot_be_had_are_refused(odd: Path, tmp_path: Path) -> None:
    error = apply_to(odd, tmp_path, LOW + "min_size: 3\nmax_size: 3\n")
    assert error.startswith("r.yaml: The segments cannot be brought to min_size=3 and ")
    assert "MECERuleSegmenter" not in error


def test_files_of_others_and_sources_are_left_alone(odd: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mine = write(out / "rows.csv", "mine")
    rules = write(tmp_path / "r.yaml", LOW)
    arguments = ["rules", "apply", rules, odd, "--out", out, *FAST]
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert "holds rows.csv, which skseg has not written" in result.stderr
    mine.unlink()
    assert skseg_command(*arguments).exit_code == 0
    # Its own files are replaced, but not the one that is being read.
    assert skseg_command(*arguments).exit_code == 0
    arguments[2] = out / "strategy.json"
    result = skseg_command(*arguments)
    assert result.exit_code == 2
    assert "strategy.json would be replaced" in result.stderr


def test_what_cannot_be_written_is_status_1(odd: Path, tmp_path: Path) -> None:
    rules = write(tmp_path / "r.yaml", LOW)
    blocked = write(tmp_path / "file", "no folder") / "out"
    result = skseg_command("rules", "apply", rules, odd, "--out", blocked)
    assert result.exit_code == 1
    assert f"Cannot write to {blocked}" in result.stderr


@pytest.mark.parametrize("quiet", [False, True])
def test_files_of_missing_extras_are_skipped_with_a_word(
    odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    without_extras(monkeypatch)
    rules, out = write(tmp_path / "r.yaml", LOW), tmp_path / "out"
    options = ["--out", out, *(["-q"] if quiet else [])]
    result = skseg_command("rules", "apply", rules, odd, *options)
    assert result.exit_code == 0, result.output
    text = " ".join((result.stderr if quiet else result.stdout).split())
    assert "Not written: rules.sql. " in text
    assert "Not written: sizes.png, flow.png. " in text
    assert (result.stdout if quiet else result.stderr) == ""
    written = names_in(out)
    assert written == {"rows.csv", "strategy.csv", "strategy.json"}


def test_options_about_the_format(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("Zo\xeb\tort\n12\tK\xf6ln\nx\tBonn\n", encoding="latin-1")
    rules = write(tmp_path / "r.yaml", "rules: {K: ort == 'Köln'}\ndefault: Rest\n")
    options = ["--sep", "tab", "--encoding", "latin-1", "--dialect", "sqlite"]
    out = tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, "--id", "Zo\xeb"]
    result = skseg_command(*arguments, *options, "--no-plots")
    assert result.exit_code == 0, result.output
    text = (out / "rows.csv").read_text(encoding="utf-8")
    assert text == "Zo\xeb,segment_code,segment\n12,0,K\nx,1,Rest\n"
    assert "for sqlite" in (out / "rules.sql").read_text(encoding="utf-8")


def test_terminals_get_progress_and_narrow_ones_fit(odd: Path, tmp_path: Path) -> None:
    rules = write(tmp_path / "r.yaml", LOW)
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"}
    result = skseg_command("rules", "apply", rules, odd, **terminal)
    assert "Reading odd.csv" in result.stderr
    assert "Segmenting" in result.stderr
    narrow = skseg_command("rules", "apply", rules, odd, columns=60).stdout
    assert max(map(len, narrow.splitlines())) <= 60


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv", "aov,b,b,aov\n1,1,1,1\n")
    assert apply_to(data, tmp_path, LOW) == (
        "d.csv has several columns 'aov'. Rename all but one."
    )


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_bad_numbers_are_named_with_their_line_even_when_compressed(
    odd: Path, tmp_path: Path, suffix: str
) -> None:
    rules = write(tmp_path / "r.yaml", "rules: {Low: aov < 100}\ndefault: Rest\n")
    text = odd.read_text(encoding="utf-8").replace("12.5", '"12,5"')
    path = tmp_path / f"odd.csv{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("odd.csv", text)
    else:
        packer: Any = {".gz": gzip, ".bz2": bz2, ".xz": lzma}[suffix]
        path.write_bytes(packer.compress(text.encode()))
    assert refused(path, "apply", rules) == (
        f"odd.csv{suffix}, line 7: The column 'aov' must hold numbers, or nothing "
        "where the value is missing. Got '12,5'. Give --decimal ',', which reads "
        "'12,5' as 12.5."
    )


@pytest.mark.parametrize("form", ["definition", "rules", "strategy"])
def test_a_text_that_no_row_holds_is_shown_with_the_near_one(
    form: str, tmp_path: Path
) -> None:
    data = write(tmp_path / "data.csv", "category\nfashion\ntoys\n")
    rules = RuleSet({"Fashion": "category == 'fashon'"}, default="Rest")
    if form == "definition":
        text = "rules:\n  Fashion: category == 'fashon'\ndefault: Rest\n"
    elif form == "rules":
        text = rules.to_json()
    else:
        X = pd.DataFrame({"category": ["fashon", "toys"]})
        fitted = MECERuleSegmenter(dict(rules.rules), default="Rest").fit(X)
        text = str(fitted.to_json(dialect=None))
    file = write(tmp_path / ("a.yaml" if form == "definition" else "a.json"), text)
    result = skseg_command("rules", "apply", file, data)
    assert result.exit_code == 0, result.output
    sentence = (
        "Warning: No row of column 'category' holds 'fashon'. Did you mean 'fashion'?"
    )
    assert " ".join(result.stdout.split()).count(sentence) == 1
    assert "UserWarning" not in result.output
    file.write_text(text.replace("fashon", "fashion"), encoding="utf-8")
    assert "Did you mean" not in skseg_command("rules", "apply", file, data).output


def test_dates_of_a_file_are_compared_and_the_query_gives_the_same(
    tmp_path: Path,
) -> None:
    file = write(
        tmp_path / "rules.yaml",
        "rules:\n"
        "  New: day >= date({cutoff})\n"
        "  Old: day < date({cutoff})\n"
        "params: {cutoff: 2024-12-25}\n"
        "default: Unknown\n",
    )
    days = ["2024-12-25", "2024-12-24 23:59:59", "", "2024-12-31T18:00"]
    data = write(
        tmp_path / "data.csv", "\n".join(["id,day", *(f"1,{d}" for d in days)])
    )
    out = tmp_path / "out"
    result = skseg_command("rules", "apply", file, data, "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    expected = ["New", "Old", "Unknown", "New"]
    assert pd.read_csv(out / "rows.csv")["segment"].tolist() == expected
    query = (out / "rules.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE customers AS SELECT * FROM read_csv('{data}', header = true)"
        )
        rows = connection.execute(query.rstrip().rstrip(";")).df()
    assert rows["segment"].tolist() == expected


def test_dates_that_are_no_iso_dates_are_refused_with_their_row(tmp_path: Path) -> None:
    file = write(
        tmp_path / "rules.yaml",
        "rules: {New: day >= date('2024-12-25')}\ndefault: Old\n",
    )
    data = write(tmp_path / "data.csv", "day\n2024-12-25\n25.12.2024\n")
    message = refused(data, "apply", file)
    assert "'25.12.2024'" in message
    assert "line 3" in message
    assert "Write dates as 2024-12-25" in message
