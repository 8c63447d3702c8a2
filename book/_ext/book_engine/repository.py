"""Links to the repository: those of a published page lead to the fork that it was published from.

GitHub's workflows say in the environment which repository and branch they run for. Elsewhere the values of
``_config.yml`` stand.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata

__all__ = ["repository_options"]


def repository_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the theme options that follow from GitHub's variables; none if they are not set.

    Example:
        >>> repository_options({"GITHUB_REPOSITORY": "ada/gates"})
        {'repository_url': 'https://github.com/ada/gates', 'repository_provider': 'github'}
    """
    repository = environment.get("GITHUB_REPOSITORY")
    if not repository:
        return {}
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    options = {"repository_url": f"{server.rstrip('/')}/{repository}", "repository_provider": "github"}
    if branch := environment.get("GITHUB_REF_NAME"):
        options["repository_branch"] = branch
    return options


def _set_repository(app: Sphinx, config: Config) -> None:
    config.html_theme_options.update(repository_options(os.environ))
    if address := os.environ.get("BOOK_ADDRESS"):
        config.html_baseurl = f"{address.rstrip('/')}/"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Set repository, branch and the book's own address before the theme reads them."""
    app.connect("config-inited", _set_repository)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
