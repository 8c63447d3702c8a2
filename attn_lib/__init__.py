"""Attention blocks of convolutional networks, small and tested: the reference code of *Gate by Gate*.

Importing this package loads torch and nothing else; plotting, the experiment and the explorers are imported
by name, and bring their own dependencies.
"""

from attn_lib.blocks import SE

__all__ = ["SE", "__version__"]
__version__ = "0.1.0"
