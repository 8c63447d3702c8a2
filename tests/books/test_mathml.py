"""Formulas: TeX to MathML, numbers and references, and what happens to bad TeX."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from book_engine.mathml import TexError, TexToMathML

from tests.books.building import build_page

convert = TexToMathML()


def parse(element: str) -> ElementTree.Element:
    # The one named entity that math-core writes; HTML knows it, XML does not.
    return ElementTree.fromstring(element.replace("&ApplyFunction;", "\u2061"))


def rows(element: str) -> list[str]:
    """The text of each row of the outermost table."""
    return ["".join(row.itertext()) for row in parse(element).findall("mtable/mtr")]


def test_an_inline_formula_is_not_displayed():
    root = parse(convert.inline(r" s_c = \sigma(z_c) "))
    assert root.tag == "math"
    assert root.get("display") is None
    assert "".join(root.itertext()) == "sc=σ(zc)"
    assert [child.tag for child in root[0]] == ["mi", "mi"]


def test_a_displayed_formula_of_one_row_has_no_table():
    root = parse(convert.displayed(r"z_c = \frac{1}{HW}"))
    assert root.get("display") == "block"
    assert root.find(".//mtable") is None
    assert "".join(part for part in root.find("mfrac").itertext()) == "1HW"


@pytest.mark.parametrize("environment", ["align", "align*", "aligned", "split"])
def test_aligned_rows_keep_their_order_and_columns(environment):
    tex = rf"\begin{{{environment}}} a &= b + c \\ d &= e \end{{{environment}}}"
    element = convert.displayed(tex)
    assert "".join(parse(element).itertext()) == "a=b+cd=e"
    assert "(1)" not in element
    inner = parse(element).findall(".//mtable")[-1]
    assert [len(row) for row in inner] == [2, 2]


def test_rows_without_an_environment_are_aligned():
    assert rows(convert.displayed(r"a &= b \\ c &= d")) == ["a=b", "c=d"]


def test_blank_lines_separate_rows():
    assert rows(convert.displayed("a = b\n\n  \nc = d\n")) == ["a=b", "c=d"]


@pytest.mark.parametrize("environment", ["equation", "gather", "gather*"])
def test_numbering_environments_leave_the_number_to_sphinx(environment):
    element = convert.displayed(rf"\begin{{{environment}}} a = b \end{{{environment}}}")
    assert "".join(parse(element).itertext()) == "a=b"


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\foo", r'Unknown command "\\foo"'),
        (r"\frac{1", "Expected closing token"),
        ("a & b", "may only appear in a table-like environment"),
        (r"\begin{tikzpicture}\end{tikzpicture}", "Unknown environment"),
    ],
)
def test_bad_tex_raises_with_the_reason(tex, reason):
    with pytest.raises(TexError, match=re.escape(reason).replace(r"\\\\", r"\\")):
        convert.displayed(tex)
    with pytest.raises(TexError, match=re.escape(reason).replace(r"\\\\", r"\\")):
        convert.inline(tex)


def test_macros_are_the_books_own_commands():
    macro = TexToMathML({"relu": r"\operatorname{ReLU}"})
    assert "".join(parse(macro.inline(r"\relu(x)")).itertext()).replace("\u2061", "") == "ReLU(x)"
    with pytest.raises(TexError, match="Unknown command"):
        convert.inline(r"\relu(x)")


RENDERER = "html_math_renderer = 'mathml'\nnumfig = True\n"


def test_bad_tex_in_a_page_is_a_warning_that_names_the_line(tmp_path: Path):
    built = build_page(tmp_path, "Title\n=====\n\nText and :math:`\\foo`.\n", "book_engine.mathml", RENDERER)
    assert built.returncode == 1
    assert re.search(r"index\.rst:4: WARNING: no MathML for .*foo.* \(.*Unknown command", built.stderr)


def test_numbers_references_and_the_text_for_a_screen_reader(tmp_path: Path):
    source = (
        "Title\n=====\n\n"
        ".. math:: a < b\n   :label: first\n\n"
        ".. math:: c\n   :label: second\n\n"
        "See :eq:`second`, then :math:`\\R`.\n"
    )
    config = RENDERER + "mathml_macros = {'R': r'\\mathbb{R}'}"
    built = build_page(tmp_path, source, "book_engine.mathml", config)
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "html" / "index.html").read_text()
    formulas = re.findall(r'<div class="formula notranslate" id="([^"]+)">(.*?)</span>\s*</div>', page, re.S)
    assert [name for name, _ in formulas] == ["equation-first", "equation-second"]
    assert [re.search(r'class="eqno">\((\d)\)', body)[1] for _, body in formulas] == ["1", "2"]
    assert re.search(r'href="#equation-second">\(2\)</a>', page)
    assert 'alttext="a &lt; b"' in page
    assert re.search(r'<math alttext="\\R"><mi>ℝ</mi></math>', page)
