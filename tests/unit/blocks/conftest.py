"""How hypothesis searches here: the same examples on every machine, and no clock."""

from hypothesis import settings

settings.register_profile("repository", derandomize=True, deadline=None)
settings.load_profile("repository")
