"""Tables of HTML, as notebooks show them."""

from __future__ import annotations

from xml.etree import ElementTree

from skseg._html import html_table


def test_a_table_has_a_caption_a_head_and_a_row_for_each_record() -> None:
    table = ElementTree.fromstring(html_table(["name", "n"], [["VIP", 3]], "Two tiers"))
    assert table.findtext("caption") == "Two tiers"
    assert [cell.text for cell in table.iter("th")] == ["name", "n"]
    assert [cell.text for cell in table.iter("td")] == ["VIP", "3"]


def test_markup_in_names_is_shown_as_text() -> None:
    hostile = "<script>alert('x')</script>"
    html = html_table([hostile], [[hostile]], hostile)
    assert "<script>" not in html
    table = ElementTree.fromstring(html)
    assert [element.text for element in table.iter() if element.text == hostile] == [
        hostile
    ] * 3


def test_a_table_without_a_caption_has_no_caption_element() -> None:
    assert "caption" not in html_table(["name"], [])


def test_line_breaks_in_a_cell_stay_line_breaks() -> None:
    assert "one<br/>two" in html_table(["rule"], [["one\ntwo"]])
