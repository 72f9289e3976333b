"""The rows of the chart of artists, and their names as data and as something to look at. Pure: no Spark, no I/O."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\([\\tnr])")
_ESCAPED = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}
# Control characters, and line and paragraph separators: a label is one line.
_NOT_SHOWN = ("Cc", "Zl", "Zp")
_NO_NAME = "(no name)"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtistRow:
    """One place of the chart; ``artist`` is the name exactly as the log had it."""

    rank: int
    artist: str
    plays: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtistChart:
    """The most played artists in order, out of ``artists`` with ``plays`` plays altogether."""

    title: str
    rows: tuple[ArtistRow, ...]
    artists: int
    plays: int


def unescape_name(field: str) -> str:
    r"""Undo what the streaming mapper does to a name: ``\\``, ``\t``, ``\n`` and ``\r`` stand for one character each."""
    return _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], field)


def show_name(artist: str) -> str:
    """Make a name that can be read on one line; one that shows nothing gets words instead."""
    shown = "".join(" " if unicodedata.category(letter) in _NOT_SHOWN else letter for letter in artist)
    return " ".join(shown.split()) or _NO_NAME


def write_table(chart: ArtistChart) -> str:
    """Write the chart as CSV with a header; names are not changed, only quoted where CSV needs it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("rank", "artist", "plays"))
    table.writerows((row.rank, row.artist, row.plays) for row in chart.rows)
    return text.getvalue()
