"""The kinds of items that an explorer can draw: one folder for each, which holds everything about its kind.

``__init__.py`` is the class of its data, which it checks; ``draw.js`` draws it, ``style.css`` (where it needs
one) styles it, and ``read.js`` reads it back from a page, for tests. The name of the folder is the name of
the kind. A new kind is found by having a folder here; nothing lists the kinds a second time.
"""
