"""Code on a page has an element for each colour, says the same, and looks the same."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from book_engine.code_elements import coloured_only, looks

CSS = """
html[data-theme="light"] .highlight { background: #fff; color: #080808 }
html[data-theme="light"] .highlight .n { color: #080808 }
html[data-theme="light"] .highlight .k { color: #6730C5 }
html[data-theme="light"] .highlight .kn { color: #6730C5 } /* import */
html[data-theme="light"] .highlight .s { color: #00622F }
html[data-theme="light"] .highlight .o { color: #00622F; font-weight: bold }
html[data-theme="light"] .highlight .c { color: #080808 }
html[data-theme="light"] .highlight span.linenos { color: #080808 }
html[data-theme="dark"] .highlight { background: #2b2b2b; color: #F8F8F2 }
html[data-theme="dark"] .highlight .n { color: #F8F8F2 }
html[data-theme="dark"] .highlight .k { color: #DCC6E0 }
html[data-theme="dark"] .highlight .kn { color: #DCC6E0 }
html[data-theme="dark"] .highlight .s { color: #ABE338 }
html[data-theme="dark"] .highlight .o { color: #ABE338 }
html[data-theme="dark"] .highlight .c { color: #FFD900 }
"""
LOOK = looks(CSS)
FROM = '<span class="k">from </span>'


def test_what_looks_alike_in_both_themes_is_one_class():
    # A comment looks like text in light mode alone; an operator is bold in light mode.
    assert LOOK == {"n": "", "k": "k", "kn": "k", "s": "s", "o": "o", "c": "c"}


@pytest.mark.parametrize(
    ("code", "shorter"),
    [
        ('<span></span><span class="n">x</span>', "x"),
        ('<span class="kn">from</span><span class="w"> </span><span class="n">x</span>', f"{FROM}x"),
        ('<span class="k">a</span> <span class="kn">b</span>', '<span class="k">a b</span>'),
        ('<span class="s">&quot;&lt;</span><span class="n">x</span>', '<span class="s">&quot;&lt;</span>x'),
        ('<span class="n">x</span>\n\n<span class="c"># y</span>', 'x\n\n<span class="c"># y</span>'),
        # Elements in elements, as links are, stay as they are.
        ('<a href="y"><span class="n">x</span></a>', '<a href="y"><span class="n">x</span></a>'),
        ('<span class="k"><b>x</b></span>', '<span class="k"><b>x</b></span>'),
    ],
)
def test_code_in_fewer_elements(code, shorter):
    page = '<p><span class="n">x</span></p><div class="highlight"><pre>{}</pre></div><span class="n">x</span>'
    assert coloured_only(page.format(code), LOOK) == page.format(shorter)


def test_the_pages_have_no_element_that_looks_like_text(mini_book: Path):
    text = (mini_book / "book" / "chapter.html").read_text("utf-8")
    codes = re.findall(r'<div class="highlight"><pre>(.*?)</pre>', text, re.DOTALL)
    assert any('<span class="k">import ' in code for code in codes)
    assert [code for code in codes if re.search(r'<span class="(n|p|w|nn)">', code)] == []
    assert any("import matplotlib.pyplot" in html.unescape(re.sub(r"<[^>]+>", "", code)) for code in codes)
