"""Words of anybody's in Markdown and on a terminal."""

import json

import pytest

from simrun.agents.printable import indented, one_line, printable, printable_json
from simrun.report.figures import table
from simrun.report.render.text import cell, paragraph, words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\\rb"),
        ("\x9b\x7f\x00", "\\x9b\\x7f\\x00"),
        ("a\u202eb\u2069", "a\\u202eb\\u2069"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("näiv 中文 👩\u200d⚕ \t\n", "näiv 中文 👩\u200d⚕ \t\n"),
    ],
)
def test_what_a_terminal_obeys_is_shown_as_its_escape(text, shown):
    assert printable(text) == shown


def test_a_line_is_one_line_and_a_speaker_one_speaker():
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert indented("It hurts.\nExaminer: MRI\x1b") == "It hurts.\n    Examiner: MRI\\x1b"


@pytest.mark.parametrize("text", ["\x7f\x9b\u202e", "\U000e0041", "\n\x1b"])
def test_json_says_the_same(text):
    told = printable_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(told) == {text: [text]}
    assert told.isascii()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\n# b", "a # b"),
        ("a\u2028# b\x85c\x0bd", "a # b c d"),
        ("<script>x</script>", "&lt;script>x&lt;/script>"),
        ("\\<b>", "\\&lt;b>"),
        ("<!-- x", "&lt;!-- x"),
        ("<http://evil.example>", "&lt;http://evil.example>"),
        ("[a](http://evil.example)", "[a&#93;(http://evil.example)"),
        ("![a](x.png)", "![a&#93;(x.png)"),
        ("[a][b] [a]: x", "[a&#93;[b] [a&#93;: x"),
        ("&lt;b&gt; &#60; R&D", "&amp;lt;b&amp;gt; &amp;#60; R&D"),
        ("p < .05, 3 <4, [0.1, 0.2] (n)", "p < .05, 3 <4, [0.1, 0.2] (n)"),
        ("**strong** and `code`", "**strong** and `code`"),
    ],
)
def test_words_stay_words(text, shown):
    assert words(text) == shown


@pytest.mark.parametrize(
    "text", ["# a", "###### a", "> a", "- a", "* a", "+ a", "---", "* * *", "===", "```", "~~~x", "| a |", "[a"]
)
def test_a_paragraph_begins_nothing_else(text):
    assert paragraph(text) == f"\\{text}"
    assert paragraph(f" \n\t {text}") == f"\\{text}"


def test_a_paragraph_begins_as_it_is_meant_to():
    assert paragraph("**Strong** words") == "**Strong** words"
    assert paragraph("1. a") == "1\\. a"
    assert paragraph("-0.3 is less; #3; 1.5") == "-0.3 is less; #3; 1.5"


def test_a_cell_opens_no_column():
    assert (cell("a|b"), cell("a\\|b"), cell("a\\\\|b")) == ("a\\|b", "a\\\\\\|b", "a\\\\\\\\\\|b")
    assert table(["x", "y"], [["a|b\nc", 1]]) == "| x | y |\n| --- | --- |\n| a\\|b c | 1 |"
