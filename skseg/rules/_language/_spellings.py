"""How SQL, pandas and word processors spell what rules spell in another way."""

from __future__ import annotations

import datetime as dt
import keyword
import re
from collections.abc import Callable
from typing import NamedTuple

from ._dates import likely_iso

# Values in quotes are put aside, so that no pattern looks into them.
OPEN, CLOSE = "\ue000", "\ue001"
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_TEXT = f"{OPEN}\\d+{CLOSE}"
_NAME = f"(?:col\\({_TEXT}\\)|[^\\W\\d]\\w*)"
_NUMBER = r"[-+]?\d[\w.]*"
_VALUE = f"(?:{_TEXT}|{_NUMBER}|[^\\W\\d]\\w*\\([^()]*\\)|\\{{\\w+\\}})"
_COMPARES = r"(?:[<>]=?|[=!]=)"
_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}/\d{4}"
_ABSENT = r"(?:null|none|nan|na|(?:np|numpy)\.nan|(?:pd|pandas)\.(?:na|nat)|nat)\b"

# Words of the language; True, False and None are values.
_OPERATORS = ("and", "or", "not", "in", "is")
_OTHER_KEYWORDS = "|".join(sorted({*keyword.kwlist} - {*_OPERATORS, "None"}))
_ALL_NAMES_IN_VAIN = "|".join([*keyword.kwlist, "inf", "nan"])

SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‘’‚‛′‹›", "'"),
        **dict.fromkeys("−–—‐‑", "-"),
        "≥": ">=",
        "≤": "<=",
        "≠": "!=",
        "≧": ">=",
        "≦": "<=",
        "＝": "==",
        "⩾": ">=",
        "⩽": "<=",
        "∧": " and ",
        "∨": " or ",
        "¬": " not ",
        "∈": " in ",
        "∉": " not in ",
        "＞": ">",
        "＜": "<",
    }
)
_CURRENCIES = r"(?:[$€£¥]|\b(?:EUR|USD|GBP|CHF)\b)"

_LOWER_CASE = "and, or, not and in are written in lower case."
_MISSING = "Missing values are asked for with missing(x) and not missing(x)."
_ODD_NAME = "A name that is no plain word is written col('odd name')."
_NO_CURRENCY = "Amounts have no currency sign."
_PLAIN_NUMBER = "Numbers have no thousands separators, and decimals have a point."
_DATE = "Dates are written date('2024-12-25')."
_AND_OR = "Write and / or / not."

Replacement = str | Callable[[re.Match[str]], str]


class Spelling(NamedTuple):
    """A pattern of another language, what replaces it, and a sentence about it.

    Without a replacement the sentence says what to do instead.
    """

    pattern: re.Pattern[str]
    replacement: Replacement | None
    sentence: str


def _spelling(pattern: str, replacement: Replacement | None, sentence: str) -> Spelling:
    return Spelling(re.compile(pattern, re.IGNORECASE), replacement, sentence)


def _exactly(pattern: str, replacement: Replacement, sentence: str) -> Spelling:
    return Spelling(re.compile(pattern), replacement, sentence)


def _plain_number(match: re.Match[str]) -> str:
    """Return a number without separators of thousands, its decimals after a point."""
    operator, number = match.groups()
    number = re.sub(r"[ '\u2019]", "", number)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return f"{operator}{number.replace(',', '')}"
    if "," in number:
        number = number.replace(".", "").replace(",", ".")
    return f"{operator}{number}"


def _iso_date(match: re.Match[str]) -> str:
    """Return a date without quotes as ``date(...)``, or unchanged if it is none."""
    operator, day, time = match.groups()
    iso = likely_iso(f"{day}{time or ''}")
    return f"{operator}date('{iso}')" if iso else match[0]


def _date_of_parts(match: re.Match[str]) -> str:
    """Return ``date(2024, 12, 25)`` and its like as ``date(...)`` of text."""
    try:
        moment = dt.datetime(*map(int, match[1].split(",")))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return match[0]
    return f"date('{likely_iso(moment.isoformat(' '))}')"


def _column(match: re.Match[str]) -> str:
    return f"col({match[1].strip()!r})"


def _spaced_name(match: re.Match[str]) -> str:
    words = match[0].split()
    # "a > 1 and order value" ends in the name, which has no word of the language.
    first = max(
        (i + 1 for i, w in enumerate(words) if w.lower() in _OPERATORS), default=0
    )
    if len(words) - first < 2:
        return match[0]
    return " ".join([*words[:first], f"col({' '.join(words[first:])!r})"])


SPELLINGS = (
    _spelling(r"^\s*(?:where|if|when|having|filter)\s+", "", "A rule is a condition."),
    _spelling(r"[\s;]*;\s*$", "", "A rule ends without a semicolon."),
    _spelling(r",\s*$", "", "A rule ends without a comma."),
    # Names.
    _spelling(r"`([^`]+)`", _column, _ODD_NAME),
    _spelling(
        r"\[([^\[\],{}\ue000]*[^\W\d][^\[\],{}\ue000]*)\](?!\s*$)", _column, _ODD_NAME
    ),
    _spelling(
        f"(?<![\\w(=<>!\\[,] )(?<![(=<>!\\[,])({_TEXT})(?=\\s*"
        f"(?:(?:{_COMPARES}|=|<>)\\s*(?:{_VALUE}|{_ABSENT}|true|false)"
        r"|\s(?:not\s+)?(?:in|between|like|ilike)\b|\s*is\s+(?:not\s+)?null\b))",
        r"col(\1)",
        "Quotes are for text; a column is written without, or col('odd name').",
    ),
    _exactly(
        f"(?<![\\w.])({_OTHER_KEYWORDS})(?=\\s*(?:[<>=!]|(?i:(?:not\\s+)?in\\b|is\\b"
        "|between\\b|like\\b)))",
        _column,
        "A name that is a word of Python is written col('class').",
    ),
    _exactly(
        f"(?:(?<=^)|(?<=[(])|(?<=and )|(?<=or )|(?<=not ))({_ALL_NAMES_IN_VAIN})"
        r"(?=\s*(?:[<>=!]|\s+in\s*[\[(]))",
        _column,
        "A name that is a word of Python is written col('class').",
    ),
    _exactly(
        f"(?<=missing\\()\\s*({_ALL_NAMES_IN_VAIN})\\s*(?=\\))",
        _column,
        "A name that is a word of Python is written col('class').",
    ),
    # Operators that are spelled with signs.
    _spelling("<>", "!=", "Inequality is written !=."),
    _spelling("===?(?==)|===", "==", "Equality is written ==."),
    _spelling(r"=\s*<|<\s+=", "<=", "At most is written <=."),
    _spelling(r"=\s*>|>\s+=", ">=", "At least is written >=."),
    _spelling(r"=\s*!|!\s+=", "!=", "Inequality is written !=."),
    _spelling(r"(?<![<>=!:])=(?!=)|:=", "==", "Equality is written ==."),
    _spelling(r"\s*(?:&&?)\s*", " and ", _AND_OR),
    _spelling(r"\s*(?:\|\|?)\s*", " or ", _AND_OR),
    _spelling(r"(?:!(?!=)|~)\s*", "not ", _AND_OR),
    # Dates.
    _spelling(
        r"\b(?:(?:datetime\.|dt\.)?(?:datetime|date)|(?:pd|pandas)\.Timestamp|make_date"
        r"|datefromparts)\(\s*(\d+\s*(?:,\s*\d+\s*)+)\)",
        _date_of_parts,
        _DATE,
    ),
    _spelling(
        r"\b(?:to_date|to_timestamp|timestamp|datetime|str_to_date|(?:pd|pandas)\."
        r"(?:Timestamp|to_datetime)|(?:np|numpy)\.datetime64|(?:datetime\.|dt\.)?"
        rf"(?:datetime|date)\.fromisoformat)\(\s*({_TEXT})[^()]*\)",
        r"date(\1)",
        _DATE,
    ),
    _spelling(rf"\bcast\(\s*({_TEXT})\s+as\s+\w+\s*\)", r"date(\1)", _DATE),
    _spelling(rf"({_TEXT})\s*::\s*\w+", r"date(\1)", _DATE),
    _spelling(rf"\b(?:date|timestamp|datetime)\s+({_TEXT})", r"date(\1)", _DATE),
    _spelling(
        rf"({_COMPARES}\s*|[\[,(]\s*)#?({_DAY})([ T]\d\d:\d\d(?::\d\d)?)?#?(?![\w.])",
        _iso_date,
        _DATE,
    ),
    _spelling(
        r"\b(?:now|today|getdate|curdate)\(|\b(?:current_date|current_timestamp|"
        rf"sysdate)\b|\binterval\s+{_TEXT}",
        None,
        "Rules know no today. Name a parameter, x >= date({cutoff}), and give the day "
        "in params: {'cutoff': '2024-12-25'}.",
    ),
    # Missing values.
    _spelling(
        rf"({_NAME})\s+is\s+not\s+(?:{_ABSENT}|missing\b|empty\b)",
        r"not missing(\1)",
        _MISSING,
    ),
    _spelling(
        rf"({_NAME})\s+is\s+(?:{_ABSENT}|missing\b|empty\b)", r"missing(\1)", _MISSING
    ),
    _spelling(rf"({_NAME})\s*!=\s*{_ABSENT}(?!\s*\()", r"not missing(\1)", _MISSING),
    _spelling(rf"({_NAME})\s*==\s*{_ABSENT}(?!\s*\()", r"missing(\1)", _MISSING),
    _spelling(
        rf"({_NAME})\.(?:notna|notnull|is_not_null)\(\)", r"not missing(\1)", _MISSING
    ),
    _spelling(
        rf"({_NAME})\.(?:isna|isnull|is_null|is_nan)\(\)", r"missing(\1)", _MISSING
    ),
    _spelling(
        r"\b(?:(?:pd|pandas|np|numpy)\.)?(?:notna|notnull)\(\s*"
        rf"({_NAME})\s*\)",
        r"not missing(\1)",
        _MISSING,
    ),
    _spelling(
        r"\b(?:(?:pd|pandas|np|numpy)\.)?(?:isna|isnull|is_null|isnan|is_missing)\(\s*"
        rf"({_NAME})\s*\)",
        r"missing(\1)",
        _MISSING,
    ),
    # Words.
    _spelling(
        rf"({_NAME})\s+not\s+between\s+({_VALUE})\s+and\s+({_VALUE})",
        r"not \2 <= \1 <= \3",
        "A range is written 40 <= x <= 120.",
    ),
    _spelling(
        rf"({_NAME})\s+between\s+({_VALUE})\s+and\s+({_VALUE})",
        r"\2 <= \1 <= \3",
        "A range is written 40 <= x <= 120.",
    ),
    _spelling(
        rf"({_NAME})\.between\(\s*({_VALUE})\s*,\s*({_VALUE})\s*\)",
        r"\2 <= \1 <= \3",
        "A range is written 40 <= x <= 120.",
    ),
    _spelling(
        r"\.is_?in\(\s*[\[(]([^\[\]()]*)[\])]\s*\)", r" in [\1]", "Write in [...]."
    ),
    _spelling(
        rf"\bin\s*\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*,?\s*\)",
        r"in [\1]",
        "A list of values has square brackets: in ['a', 'b'].",
    ),
    _spelling(
        rf"(\bin)\s+({_TEXT}|{_NUMBER})(?!\s*[\w,])",
        r"\1 [\2]",
        "A list of values has square brackets: in ['a', 'b'].",
    ),
    *(
        _exactly(rf"\b(?!{word}\b)(?i:{word})\b", word, _LOWER_CASE)
        for word in _OPERATORS
    ),
    *(
        _exactly(rf"({_COMPARES}\s*)(?!{word}\b)(?i:{word})\b", rf"\1{word}", "")
        for word in ("True", "False")
    ),
    # Numbers.
    _spelling(rf"({_COMPARES}\s*[-+]?){_CURRENCIES}\s*(?=\d)", r"\1", _NO_CURRENCY),
    _spelling(rf"(\d)\s*{_CURRENCIES}", r"\1", _NO_CURRENCY),
    _spelling(
        rf"({_COMPARES}\s*[-+]?)"
        r"(\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|\d+,\d+)(?![\d.,\w])",
        lambda m: _plain_number(m) if re.search("[,' ]", m[2]) else m[0],
        _PLAIN_NUMBER,
    ),
    _exactly(rf"({_COMPARES}\s*\d+)[kK]\b", r"\g<1>000", "A thousand is 1000."),
    _spelling(
        r"\d\s*%",
        None,
        "A percentage is a number: 5% is 0.05, or 5 where the column holds percents.",
    ),
    _spelling(
        r"(?<![\w.])0\d+(?![\d.])",
        None,
        "Text is quoted, '007'; numbers have no leading zeros.",
    ),
    _exactly(
        rf"(?<![\w)])((?!(?i:and|or|not|in|is)\b)[^\W\d]\w*(?: +[^\W\d]\w*)+)"
        rf"(?=\s*{_COMPARES}|\s+(?:not\s+)?in\s*[\[(])",
        _spaced_name,
        _ODD_NAME,
    ),
)
