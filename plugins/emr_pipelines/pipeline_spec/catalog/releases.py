"""EMR's releases as they were known on a date: versions, applications, end of support. Reads its data file once; knows neither today nor AWS."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. None stands for what the sources do not say.

    `python` is what is installed, `pyspark_python` what PySpark runs unless told otherwise, `system_python` what `python3` and `pip3` are.
    """

    label: str
    spark: str
    hadoop: str
    applications: frozenset[str]
    python: tuple[str, ...]
    pyspark_python: str | None
    system_python: str | None
    java: str
    released: dt.date | None
    standard_support_until: dt.date
    security_fixes_until: dt.date | None
    end_of_life: dt.date

    @property
    def line(self) -> str:
        """The releases that it can be exchanged with most easily: `emr-7` of emr-7.13.0."""
        return self.label.partition(".")[0]

    def is_supported(self, today: dt.date) -> bool:
        """Whether AWS gives standard support on this day."""
        return today <= self.standard_support_until


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTable:
    """All known releases, the newest of each line first, with the date of the knowledge."""

    as_of: dt.date
    sources: tuple[str, ...]
    releases: tuple[Release, ...]


@lru_cache(maxsize=1)
def read_release_table() -> ReleaseTable:
    """The table of the package."""
    data = json.loads(files(__package__).joinpath("releases.json").read_text(encoding="utf-8"))
    sets = {name: frozenset(names) for name, names in data["application_sets"].items()}
    return ReleaseTable(
        as_of=dt.date.fromisoformat(data["as_of"]),
        sources=tuple(data["sources"]),
        releases=tuple(_parse_release(row, sets[row["applications"]]) for row in data["releases"]),
    )


def find_release(label: str) -> Release | None:
    """The release with this label, if it is known."""
    return next((release for release in read_release_table().releases if release.label == label), None)


def newest_releases(releases: Iterable[Release] | None = None) -> tuple[Release, ...]:
    """The newest release of each line; of all releases, or of those that are given in the table's order."""
    newest: dict[str, Release] = {}
    for release in read_release_table().releases if releases is None else releases:
        newest.setdefault(release.line, release)
    return tuple(newest.values())


def releases_with(application: str) -> tuple[Release, ...]:
    """The newest release of each line that has the application."""
    return newest_releases(release for release in read_release_table().releases if application in release.applications)


def known_applications() -> tuple[str, ...]:
    """Every application that some release has, by name."""
    names = {name for release in read_release_table().releases for name in release.applications}
    return tuple(sorted(names, key=str.casefold))


def _parse_release(row: dict[str, Any], applications: frozenset[str]) -> Release:
    dates = {key: _parse_date(row[key]) for key in ("released", "security_fixes_until")}
    return Release(
        **{
            **row,
            **dates,
            "applications": applications,
            "python": tuple(row["python"]),
            "standard_support_until": dt.date.fromisoformat(row["standard_support_until"]),
            "end_of_life": dt.date.fromisoformat(row["end_of_life"]),
        }
    )


def _parse_date(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
