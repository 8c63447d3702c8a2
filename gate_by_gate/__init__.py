"""What the book *Gate by Gate* runs on: its widgets, explorers, experiment, results and figures.

``attn_lib`` is the package that an engineer installs; it knows nothing of this one.
"""
