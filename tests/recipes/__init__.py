"""The recipes of CONTRIBUTING.md, each carried out as it is written, on a copy of the tree."""
