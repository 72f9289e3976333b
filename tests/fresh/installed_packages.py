"""What is installed in the fresh environment, against what requirements.txt with constraints.txt resolves to. Asks `uv` in that environment."""

from __future__ import annotations

import re

from tests.fresh.terminal import Terminal

# `python -m venv` and the Makefile bring these; the last one is the project.
OF_THE_ENVIRONMENT = {"pip", "setuptools", "uv", "emr-pipelines"}
RESOLVE = ".venv/bin/uv pip compile --quiet --no-header --no-annotate --python .venv/bin/python --constraint constraints.txt requirements.txt"
LIST = ".venv/bin/uv pip freeze --quiet --python .venv/bin/python"


def compare_packages(terminal: Terminal) -> list[str]:
    """What differs, one line each. Both sides must have many packages, or nothing was compared."""
    wanted, installed = pins(terminal, RESOLVE), pins(terminal, LIST)
    found = {name: version for name, version in installed.items() if name not in OF_THE_ENVIRONMENT - wanted.keys()}
    if min(len(wanted), len(found)) < 50:
        return [f"{len(wanted)} packages are wanted and {len(found)} installed: that cannot be all"]
    return [
        f"{name}: {found.get(name, 'missing')}, but requirements.txt leads to {wanted.get(name, 'none')}"
        for name in sorted(wanted.keys() | found.keys())
        if found.get(name) != wanted.get(name)
    ]


def pins(terminal: Terminal, command: str) -> dict[str, str]:
    """The `name==version` lines that a command prints."""
    output = terminal.run(command).output
    return {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", output, flags=re.MULTILINE)}
