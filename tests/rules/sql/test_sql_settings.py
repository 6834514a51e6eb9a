"""Settings of servers change neither what SQL reads nor what it writes."""

from __future__ import annotations

import pytest

from skseg.rules import RuleSet, col
from tests.rules.sql.sql_data import (
    NASTY,
    TEXTS,
    Column,
    assigned,
    cursor_of,
    run,
    sql_codes,
    text_rules,
)

MODES = (
    "",
    "NO_BACKSLASH_ESCAPES",
    "ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE",
    "HIGH_NOT_PRECEDENCE",
    "ORACLE",
    "MSSQL",
    "NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_ALL_TABLES",
    "PAD_CHAR_TO_FULL_LENGTH,REAL_AS_FLOAT,TIME_ROUND_FRACTIONAL",
)
CHARSETS = ("utf8mb4", "utf8mb3", "latin1", "ascii", "cp1251", "gbk", "sjis")
MIXED = RuleSet(
    {
        "ä": (
            "x >= 2.5 and plan not in ['free', 'é'] and day < date('2024-12-25 18:00')"
        ),
        "b\\": "not 0 < x <= 1e-7 and plan != 'free' and not missing(day)",
        "it's": "flag == True or missing(x)",
    },
    default="Rest",
)
DAYS = ["2024-12-25", "2024-12-26", None, None, "2024-12-25"]
COLUMNS = [
    Column("x", "double", [3.0, 3.0, 1e-8, None, 0.5]),
    Column("plan", "varchar(9)", ["pro", "é", "pro", "free", "free"]),
    Column(
        "day", "datetime(6)", ["2024-12-25", "2024-12-26", None, None, "2024-12-25"]
    ),
    Column("flag", "int", [0, 0, 1, 0, 0]),
]


def in_bytes(columns: list[Column]) -> list[Column]:
    """Return columns whose texts no charset of the connection changes on their way."""
    return [
        Column(
            column.name,
            column.type.replace("text", "text CHARACTER SET utf8mb4"),
            [v.encode() if isinstance(v, str) else v for v in column.values],
        )
        for column in columns
    ]


def nasty_rules() -> RuleSet:
    """Return rules whose values and names need quoting."""
    return RuleSet({text: col("x") == text for text in NASTY})


@pytest.mark.parametrize("mode", MODES)
def test_sql_mode_of_mysql_changes_nothing(mode: str) -> None:
    rule_set = nasty_rules()
    tested = [RuleSet({"yes": rule}) for rule in text_rules("x")[::7]]
    setup = f"SET SESSION sql_mode = '{mode}'"
    try:
        texts = [Column("x", "text", [*NASTY, "other", None])]
        _, rows = run("mysql", texts, [rule_set.to_sql("mysql")], setup)
        assert [name for (name,) in rows] == [*NASTY, None, None]
        columns = [Column("x", "varchar(40)", TEXTS)]
        assert sql_codes("mysql", columns, tested, setup) == assigned(columns, tested)
        for is_typed in (False, True):
            codes = sql_codes("mysql", COLUMNS, [MIXED], setup, is_typed=is_typed)
            assert codes == assigned(COLUMNS, [MIXED])
    finally:
        with cursor_of("mysql") as cursor:
            cursor.execute("SET SESSION sql_mode = DEFAULT")


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_the_connection_changes_nothing_in_mysql(charset: str) -> None:
    tested = [RuleSet({"yes": rule}) for rule in text_rules("x")[::5]]
    columns = [Column("x", "text", TEXTS)]
    setup = f"SET character_set_client = utf8mb4, character_set_connection = {charset}"
    try:
        codes = sql_codes("mysql", in_bytes(columns), tested, setup)
        assert codes == assigned(columns, tested)
        _, rows = run("mysql", in_bytes(COLUMNS), [MIXED.to_sql("mysql")], setup)
        names = [MIXED.names[code] for code in assigned(COLUMNS, [MIXED])[0]]
        assert [name for (name,) in rows] == names
    finally:
        with cursor_of("mysql") as cursor:
            cursor.execute("SET NAMES utf8mb4")


@pytest.mark.parametrize(
    "setting",
    [
        "standard_conforming_strings = off",
        "backslash_quote = off",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "quote_all_identifiers = on",
        "transform_null_equals = on",
        "search_path = pg_temp",
        "enable_seqscan = off",
        "datestyle = 'German'",
        "timezone = 'Asia/Tokyo'",
    ],
)
def test_setting_of_postgres_changes_nothing(setting: str) -> None:
    rule_set = nasty_rules()
    name = setting.partition(" ")[0]
    setup = ("SET escape_string_warning = off", f"SET {setting}")
    try:
        texts = [Column("x", "text", [*NASTY, "other", None])]
        _, rows = run("postgres", texts, [rule_set.to_sql("postgres")], *setup)
        assert [name for (name,) in rows] == [*NASTY, None, None]
        columns = [
            Column(c.name, c.type.replace("datetime(6)", "timestamp"), c.values)
            for c in COLUMNS
        ]
        columns[0] = Column("x", "double precision", COLUMNS[0].values)
        for is_typed in (False, True):
            codes = sql_codes("postgres", columns, [MIXED], *setup, is_typed=is_typed)
            assert codes == assigned(columns, [MIXED])
    finally:
        with cursor_of("postgres") as cursor:
            cursor.execute(f"RESET {name}")
