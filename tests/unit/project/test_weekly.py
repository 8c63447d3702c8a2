"""The weekly report: it finds what it is to look at, and says what it could not ask."""

from __future__ import annotations

from tests.weekly import ROOT, answer, links, report, texts


def test_every_link_to_elsewhere_is_found_once_with_its_place():
    found = links(
        [
            (
                "a.md",
                "See [it](https://example.org/a#part), https://example.org/b. And http://localhost:8000",
            ),
            ("b.md", "<https://example.org/a> and `https://example.org/c`"),
        ]
    )
    assert found == {
        "https://example.org/a": "a.md",
        "https://example.org/b": "a.md",
        "https://example.org/c": "b.md",
    }


def test_the_links_of_guides_and_chapters_are_among_them():
    found = links(texts(ROOT))
    assert {"README.md"} <= set(found.values())
    assert any(name.endswith(".ipynb") for name in found.values())


def test_what_cannot_be_asked_is_said():
    assert answer("http://127.0.0.1:9/").startswith("could not be asked: ")
    assert report([], ["x (a.md) answers 404"]) == (
        "## Newer versions\n\n- none\n\n## Links to look at\n\n- x (a.md) answers 404\n"
    )
