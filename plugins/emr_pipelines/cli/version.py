"""Which emr-pipelines this is, and on which Python."""

from __future__ import annotations

import platform
from pathlib import Path


def version_text() -> str:
    """The version of the installed distribution, of Python, and the folder of the package. A package that only lies in a plugins folder has no version of its own."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms, which no other verb is to wait for

    try:
        number = version("emr-pipelines")
    except PackageNotFoundError:
        number = "(not installed by pip, so without a number)"
    return f"emr-pipelines {number}, Python {platform.python_version()}, {Path(__file__).parents[1]}"
