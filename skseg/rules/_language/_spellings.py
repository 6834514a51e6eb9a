"""How SQL, pandas and word processors spell what rules spell in another way.

The table is read in order, each spelling after those before it have been replaced.
Values in quotes are put aside before: in a pattern each is a number between `OPEN` and
`CLOSE`.
"""

from __future__ import annotations

import datetime as dt
import keyword
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ._dates import likely_iso

OPEN, CLOSE = "\ue000", "\ue001"

# What stands on keyboards -> its relatives from word processors and formulas.
_RELATIVES = {
    '"': "“”„‟″«»",
    "'": "\u2018\u2019\u201a\u201b\u2032\u2039\u203a",
    "-": "\u2212\u2013\u2014\u2010\u2011",
    ">=": "≥⩾≧",
    "<=": "≤⩽≦",
    "!=": "≠",
    "==": "\uff1d",
    ">": "\uff1e",
    "<": "\uff1c",
    " and ": "∧",
    " or ": "\u2228",
    " not ": "¬",
    " in ": "∈",
    " not in ": "∉",
}
SIGNS = str.maketrans({s: sign for sign, signs in _RELATIVES.items() for s in signs})

_TEXT = f"{OPEN}\\d+{CLOSE}"
_NAME = f"(?:col\\({_TEXT}\\)|[^\\W\\d]\\w*)"
_NUMBER = r"[-+]?\d(?:[\w.]|,(?=\d))*"
_VALUE = f"(?:{_TEXT}|{_NUMBER}|[^\\W\\d]\\w*\\([^()]*\\)|\\{{\\w+\\}})"
_COMPARES = r"(?:[<>]=?|[=!]=)"
_ABSENT = r"(?:null|none|nan|na|nat|(?:np|numpy)\.nan|(?:pd|pandas)\.(?:na|nat))\b"
_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}/\d{4}"
_TIME = r"[ T]\d\d:\d\d(?::\d\d)?"

# The words that operators are made of, in rules as in Python.
_WORDS = ("and", "or", "not", "in", "is")
_VALUES = ("True", "False", "None")
_KEYWORDS = "|".join(sorted({*keyword.kwlist} - {*_WORDS, *_VALUES}))
_NO_NAMES = "|".join([*keyword.kwlist, "inf", "nan"])

Replacement = str | Callable[[re.Match[str]], str]


class Spelling(NamedTuple):
    """A pattern, what rules have in its place, and a sentence that teaches it.

    Without a replacement the sentence is the remedy.
    """

    pattern: re.Pattern[str]
    replacement: Replacement | None
    sentence: str


def _spelled(
    sentence: str, *pairs: tuple[str, Replacement | None], case: bool = False
) -> Iterator[Spelling]:
    """Yield the spellings of which one sentence speaks."""
    for pattern, replacement in pairs:
        flags = re.NOFLAG if case else re.IGNORECASE
        yield Spelling(re.compile(pattern, flags), replacement, sentence)


def _column(match: re.Match[str]) -> str:
    name = match[1].strip()
    # Known names have been replaced before.
    return name if name.startswith("col(") else f"col({name!r})"


def _spaced_name(match: re.Match[str]) -> str:
    """Return words in a row as one name, without the operators before them."""
    words = match[0].split()
    operators = [i for i, word in enumerate(words) if word.lower() in _WORDS]
    start = operators[-1] + 1 if operators else 0
    name = words[start:]
    if len(name) < 2:
        return match[0]
    return " ".join([*words[:start], f"col({' '.join(name)!r})"])


def _plain_number(match: re.Match[str]) -> str:
    """Return a number without separators of thousands, its decimals after a point."""
    before, number = match.groups()
    number = number.replace(" ", "").replace("'", "")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        number = number.replace(",", "")
    elif "," in number:
        number = number.replace(".", "").replace(",", ".")
    return f"{before}{number}"


def _date_of_text(match: re.Match[str]) -> str:
    """Return a date without quotes as ``date(...)``, what is no date unchanged."""
    before, text = match.groups()
    iso = likely_iso(text)
    return f"{before}date('{iso}')" if iso else match[0]


def _date_of_parts(match: re.Match[str]) -> str:
    """Return ``date(2024, 12, 25)`` as ``date('2024-12-25')``."""
    try:
        moment = dt.datetime(*map(int, match[1].split(",")))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return match[0]
    return f"date('{likely_iso(moment.isoformat(' '))}')"


def _percentile(match: re.Match[str]) -> str:
    level = float(match[1])
    return f"q({level / 100 if level > 1 else level:g})"


_FRAME_AND_SIGNS = (
    *_spelled(
        "A rule is a condition alone.",
        (r"^\s*select\b.*?\bwhere\s+|^\s*(?:where|if|when|having|filter)\s+", ""),
        (r"[\s;]*;\s*$", ""),
        (r",\s*$", ""),
        (r"--.*$", ""),
    ),
    *_spelled("Inequality is written !=.", ("<>|=\\s*!|!\\s+=", "!=")),
    *_spelled("At most is written <=.", (r"=\s*<|<\s+=", "<=")),
    *_spelled("At least is written >=.", (r"=\s*>|>\s+=", ">=")),
    *_spelled("Equality is written ==.", (r"={3,}|(?<![<>=!:])=(?!=)|:=", "==")),
    *_spelled(
        "Write and / or / not.",
        (r"\s*&&?\s*", " and "),
        (r"\s*\|\|(?!\s*')\s*|\s*\|\s*", " or "),
        (r"!(?!=)\s*|~\s*", "not "),
    ),
)

_NAMES = (
    *_spelled(
        "A name that is no plain word is written col('odd name').",
        (rf"\b[^\W\d]\w*\[({_TEXT})\]", r"col(\1)"),
        (r"\b(?:df|X)\.(?=[^\W\d]\w*\s*[<>=!])", ""),
        (r"`([^`]+)`", _column),
        (r"\[([^\[\],{}\ue000]*[^\W\d][^\[\],{}\ue000]*)\](?!\s*$)", _column),
        (r"(?<=\bmissing\()\s*([^()\ue000]*\s[^()\ue000]*?)\s*(?=\))", _column),
        (r"\bcol\(\s*([^()\ue000]+)\)", _column),
        (rf"(?<![\w.<>=!] )(?<![\w.<>=!])(\d+[^\W\d]\w*)(?=\s*{_COMPARES})", _column),
    ),
    *_spelled(
        "Quotes are for text; a column is written without, or col('odd name').",
        (
            (
                f"(?<![=<>!\\[,] )(?<![=<>!\\[,])({_TEXT})(?=\\s*"
                f"(?:{_COMPARES}\\s*(?:{_VALUE}|{_ABSENT}|true|false)"
                r"|\s(?:not\s+)?(?:in|between|i?like)\b|\s*is\b|\s*[-+*/]))"
            ),
            r"col(\1)",
        ),
    ),
    *_spelled(
        "A name that is a word of Python is written col('class').",
        (
            (
                rf"(?<![\w.])({_KEYWORDS})(?=\s*(?:[<>=!]|(?i:(?:not\s+)?in\b|is\b"
                r"|between\b|i?like\b)))"
            ),
            _column,
        ),
        (rf"(?<=[<>=])\s*\b({_KEYWORDS})\b", _column),
        (
            (
                r"(?:^|(?<=[(])|(?<=and )|(?<=or )|(?<=not ))\s*"
                rf"({_NO_NAMES})(?=\s*[<>=!])"
            ),
            _column,
        ),
        (rf"(?<=missing\()\s*({_NO_NAMES})\s*(?=\))", _column),
        case=True,
    ),
)

_DATES = (
    *_spelled(
        "Dates are written date('2024-12-25').",
        (
            (
                r"\b(?:(?:datetime\.|dt\.)?(?:datetime|date)|(?:pd|pandas)\.Timestamp"
                r"|make_date|datefromparts)\(\s*(\d+\s*(?:,\s*\d+\s*)+)\)"
            ),
            _date_of_parts,
        ),
        (
            (
                r"\b(?:to_date|to_timestamp|timestamp|datetime|(?:pd|pandas)\.(?:Timestamp"
                r"|to_datetime)|(?:np|numpy)\.datetime64|(?:datetime\.|dt\.)?(?:datetime"
                rf"|date)\.fromisoformat)\(\s*({_TEXT})[^()]*\)"
            ),
            r"date(\1)",
        ),
        (rf"\bcast\(\s*({_TEXT})\s+as\s+\w+\s*\)", r"date(\1)"),
        (rf"({_TEXT})\s*::\s*\w+", r"date(\1)"),
        (rf"\b(?:date|timestamp|datetime)\s+({_TEXT})", r"date(\1)"),
        (
            (
                rf"({_COMPARES}\s*|[\[,(]\s*|\bbetween\s+|\band\s+)#?((?:{_DAY})(?:{_TIME})?)#?"
                r"(?![\w.])"
            ),
            _date_of_text,
        ),
    ),
    *_spelled(
        "Rules know no today: name a parameter, such as day >= date({cutoff}), and "
        "give the day in params={'cutoff': '2024-12-25'}.",
        (
            (
                r"\b(?:now|today|getdate|curdate)\(|\b(?:current_date|current_timestamp"
                rf"|sysdate)\b|\binterval\s+{_TEXT}"
            ),
            None,
        ),
    ),
)

_MISSING = (
    *_spelled(
        "Missing values are asked for with missing(x) and not missing(x).",
        (
            rf"({_NAME})\s+is\s+not\s+(?:{_ABSENT}|missing\b|empty\b)",
            r"not missing(\1)",
        ),
        (rf"({_NAME})\s+is\s+(?:{_ABSENT}|missing\b|empty\b)", r"missing(\1)"),
        (rf"({_NAME})\s*!=\s*{_ABSENT}(?!\s*\()", r"not missing(\1)"),
        (rf"({_NAME})\s*==\s*{_ABSENT}(?!\s*\()", r"missing(\1)"),
        (rf"({_NAME})\.(?:notna|notnull|is_not_null)\(\)", r"not missing(\1)"),
        (rf"({_NAME})\.(?:isna|isnull|is_null|is_nan)\(\)", r"missing(\1)"),
        (rf"\b(?:\w+\.)?(?:notna|notnull)\(\s*({_NAME})\s*\)", r"not missing(\1)"),
        (
            rf"\b(?:\w+\.)?(?:isna|isnull|is_null|isnan|is_missing)\(\s*({_NAME})\s*\)",
            r"missing(\1)",
        ),
    ),
)

_VALUES_AND_WORDS = (
    *_spelled(
        "Equality is written == and !=.",
        (rf"\bis\s+not\s+(?={_TEXT}|{_NUMBER})", "!= "),
        (rf"\bis\s+(?={_TEXT}|{_NUMBER})", "== "),
    ),
    *_spelled(
        "A range is written 40 <= x <= 120.",
        (
            rf"({_NAME})\s+not\s+between\s+({_VALUE})\s+and\s+({_VALUE})",
            r"not \2 <= \1 <= \3",
        ),
        (rf"({_NAME})\s+between\s+({_VALUE})\s+and\s+({_VALUE})", r"\2 <= \1 <= \3"),
        (
            rf"({_NAME})\.between\(\s*({_VALUE})\s*,\s*({_VALUE})\s*\)",
            r"\2 <= \1 <= \3",
        ),
    ),
    *_spelled(
        "A list of values has square brackets: in ['a', 'b'].",
        (r"\.is_?in\(\s*[\[(]([^\[\]()]*)[\])]\s*\)", r" in [\1]"),
        (rf"\bin\s*\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*,?\s*\)", r"in [\1]"),
        (rf"(\bin)\s+({_TEXT}|{_NUMBER})(?!\s*[\w,])", r"\1 [\2]"),
    ),
    *_spelled(
        "and, or, not and in are written in lower case.",
        *((rf"\b(?!{word}\b)(?i:{word})\b", word) for word in _WORDS),
        case=True,
    ),
    *_spelled(
        "Booleans are compared by == and !=.",
        (rf"({_NAME})\s+is\s+not\s+(true|false)\b", r"\1 != \2"),
        (rf"({_NAME})\s+is\s+(true|false)\b", r"\1 == \2"),
    ),
    *_spelled(
        "Infinity is written inf.",
        (r"(?<=[<>=])\s*([-+]?)(?:(?:np|numpy|math)\.inf|infinity|∞)(?!\w)", r" \1inf"),
    ),
    *_spelled(
        "A parameter is written in braces, {name}, and has its value in params.",
        (r"[<>=]\s*(?:[:$@][^\W\d]|%\(\w+\)s|\?)|[:$@][^\W\d]\w*\s*[<>=]", None),
    ),
    *_spelled(
        "A quantile is written q(0.5).",
        (r"\bmedian\([^()]*\)", "q(0.5)"),
        (
            r"\b(?:quantile|percentile)\((?:[^(),]*,)?\s*(\d+(?:\.\d+)?)\s*\)",
            _percentile,
        ),
    ),
)


def _without_dots(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


_AMOUNT = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|\d+,\d+"
_CURRENCY = r"(?:[$€£¥]|\b(?:EUR|USD|GBP|CHF)\b)"
_NUMBERS = (
    *_spelled(
        "Amounts have no currency sign.",
        (rf"({_COMPARES}\s*[-+]?){_CURRENCY}\s*(?=\d)", r"\1"),
        (rf"(\d)\s*{_CURRENCY}", r"\1"),
    ),
    *_spelled(
        "Numbers have no thousands separators, and decimals have a point.",
        (
            rf"({_COMPARES}\s*[-+]?)(?=[\d.]*[,' ]\d)({_AMOUNT})(?![\d.,\w])",
            _plain_number,
        ),
        (
            rf"(?<![\w.,\[(])()(?=[\d.]*[,' ]\d)({_AMOUNT})(?=\s*{_COMPARES})",
            _plain_number,
        ),
        (r"(?<=[<>=])\s*[-+]?\d{1,3}(?:\.\d{3}){2,}(?![\d.,\w])", _without_dots),
        (rf"({_COMPARES}\s*\d+)k\b", r"\g<1>000"),
    ),
    *_spelled(
        "A percentage is a number: 5% is 0.05, or 5 where the column holds percents.",
        (r"\d\s*%", None),
    ),
    *_spelled(
        "Numbers have no leading zeros; text is quoted.",
        (r"((?:[=!]=|[\[,])\s*)(0\d+)(?![\d.])", r"\1'\2'"),
        (rf"({_COMPARES}\s*)0+(?=[1-9]\d*(?![\d.xob]))", r"\1"),
    ),
    *_spelled(
        "",
        (
            (
                rf"(?<![\w)])((?!(?:{'|'.join(_WORDS)})\b)[^\W\d]\w*(?: +[^\W\d]\w*)+)"
                rf"(?=\s*{_COMPARES}|\s+(?:not\s+)?in\s*[\[(])"
            ),
            _spaced_name,
        ),
    ),
)

SPELLINGS = (
    *_FRAME_AND_SIGNS,
    *_NAMES,
    *_DATES,
    *_MISSING,
    *_VALUES_AND_WORDS,
    *_NUMBERS,
)
