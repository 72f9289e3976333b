"""Which Python reads a file on a node, as far as the release and the spec tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.catalog.releases import Release
from emr_pipelines.pipeline_spec.project_files.newer_syntax import Version

_VERSIONED = re.compile(r"(?:.*/)?python(\d)\.(\d+)")
_OF_THE_SYSTEM = re.compile(r"(?:/usr/bin/)?python3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python of the nodes. `version` is None where nobody can tell it; `said` is a sentence about it."""

    version: Version | None
    said: str


def interpreter_of_jobs(release: Release | None, chosen: Iterable[str]) -> Interpreter:
    """What PySpark runs: of several that the spec names the oldest, since all must read the code; else that of the release.

    A release for which AWS names several runs the newest of them at best, which reads whatever the others do. Those with Python 2 beside 3 are left out.
    """
    named = [interpreter_named(name, release) for name in chosen]
    if named:
        known = [one for one in named if one.version is not None]
        return min(known, key=lambda one: one.version or (0, 0)) if len(known) == len(named) else named[0]
    if release is None:
        return Interpreter(version=None, said="the release is not known")
    text = release.pyspark_python or ("" if "2.7" in release.python else release.python[-1])
    if not text:
        return Interpreter(version=None, said=f"AWS does not say which Python PySpark of {release.label} runs")
    at_best = "" if release.pyspark_python else " at best"
    return Interpreter(version=_version(text), said=f"PySpark of {release.label} runs Python {text}{at_best}")


def interpreter_named(name: str, release: Release | None) -> Interpreter:
    """The one behind a program's name or path: `python3.11`, `/usr/bin/python3`, `./environment/bin/python`."""
    if found := _VERSIONED.fullmatch(name):
        version = (int(found[1]), int(found[2]))
        return Interpreter(version=version, said=f"{name} is Python {version[0]}.{version[1]}")
    system = release.system_python if release else None
    if release and system and _OF_THE_SYSTEM.fullmatch(name):
        return Interpreter(version=_version(system), said=f"{name} of {release.label} is Python {system}")
    return Interpreter(version=None, said=f"nothing tells the version of {name}")


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)
