"""Explorers and exercises: widgets that are live in a notebook and in a published page alike.

``records`` computes what is shown, with the blocks of this package; ``widgets`` shows it in a running
notebook; ``static`` holds the front end, the same for both hosts. ``attn_lib.sphinx_ext`` puts them into a
book.
"""
