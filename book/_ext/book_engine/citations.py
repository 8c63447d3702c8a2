"""Citations: written as links that every notebook shows, published as references into the bibliography.

A chapter cites a paper by a link to it, ``[Hu et al. (2018)](https://arxiv.org/abs/1709.01507)``, or in
brackets ``[(Hu et al., 2018)](...)``: that can be read and followed in JupyterLab, on Colab and on GitHub,
which know no bibliography. Where the address is that of an entry of the bibliography and the words are the
entry's, the page shows what the role ``cite:t`` or ``cite:p`` shows there: a reference to the entry, in the
bibliography's own style.

The bibliography's entries become list items: docutils marks them with a role that ARIA has given up.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from pybtex.database import Entry
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib.bibtex.roles import CiteRole

__all__ = ["address", "citations"]

_AUTHORS_NAMED = 2


def address(entry: Entry) -> str | None:
    """Return where the paper of an entry can be read: preprint, else DOI, else ``url``."""
    for field, before in (("eprint", "https://arxiv.org/abs/"), ("doi", "https://doi.org/"), ("url", "")):
        if field in entry.fields:
            return f"{before}{entry.fields[field]}"
    return None


def citations(entry: Entry) -> dict[str, str]:
    """Return how a text names an entry: by ``t`` within a sentence, by ``p`` in brackets.

    Example:
        >>> from pybtex.database import parse_string
        >>> text = "@misc{one, author={Jain, S. and Wallace, B. C.}, year={2019}, eprint={1902.10186}}"
        >>> citations(parse_string(text, "bibtex").entries["one"])
        {'t': 'Jain and Wallace (2019)', 'p': '(Jain and Wallace, 2019)'}
    """
    names = [" ".join(person.last_names) for person in entry.persons["author"]]
    authors = f"{names[0]} et al." if len(names) > _AUTHORS_NAMED else " and ".join(names)
    year = entry.fields["year"]
    return {"t": f"{authors} ({year})", "p": f"({authors}, {year})"}


class CitationLinks(SphinxTransform):
    """Puts the bibliography's own reference in the place of every link that is a citation."""

    default_priority = 100  # before Sphinx's domains look for references

    def apply(self, **kwargs: Any) -> None:
        """Replace the links of one page."""
        cited = {}
        for key, entry in self.env.get_domain("cite").bibdata.data.entries.items():  # type: ignore[attr-defined]
            for kind, words in citations(entry).items():
                cited[address(entry), words] = kind, key
        for link in list(self.document.findall(nodes.reference)):
            if found := cited.get((link.get("refuri", ""), link.astext())):
                link.replace_self(self._reference(*found))

    def _reference(self, kind: str, key: str) -> pending_xref:
        """Make the reference that the role ``cite:KIND`` makes of a key."""
        role = CiteRole()
        role.target = key
        reference = pending_xref(
            "",
            nodes.inline("", key, classes=["xref", "cite", f"cite-{kind}"]),
            refdoc=self.env.docname,
            refdomain="cite",
            reftype=kind,
            refexplicit=False,
            refwarn=True,
            reftarget=key,
        )
        role.result_nodes(self.document, self.env, reference, is_ref=True)
        return reference


def _visit(translator: HTML5Translator, node: nodes.citation) -> None:
    type(translator).visit_citation(translator, node)
    translator.body[-1] = translator.body[-1].replace('role="doc-biblioentry"', 'role="listitem"')


def _depart(translator: HTML5Translator, node: nodes.citation) -> None:
    type(translator).depart_citation(translator, node)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Read links as citations, and replace the role of every bibliography entry."""
    app.setup_extension("sphinxcontrib.bibtex")
    app.add_transform(CitationLinks)
    app.add_node(nodes.citation, override=True, html=(_visit, _depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
