"""How fast the blocks are, against timm's and against the way tutorials write them: ``make bench``."""
