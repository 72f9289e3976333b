#!/usr/bin/env python3
"""Hadoop Streaming mapper: a music service's log lines (JSON) in, ``artist<TAB>1`` out for each play. Standard library only, Python 3.9 and later.

An array with an object a line is read as the objects alone are. When more of a task's lines than ``--max-dropped`` are no events, the task fails and says why.
A name is written as one field of one line: backslash, tab, line feed and carriage return in it become ``\\\\``, ``\\t``, ``\\n`` and ``\\r``.
"""

from __future__ import annotations

import argparse
import codecs
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

# A log line has less than a kilobyte. Without a limit a file without line ends would be read into memory whole.
LONGEST_LINE = 16 * 1024 * 1024
_SHOWN_BYTES = 120
# A line of an object that is spread over several.
_PIECE = re.compile(rb"^(?:[\[{}\]]+|\"[^\"]*\"\s*:.*[^}\]])$")
_INPUT_FILE = "mapreduce_map_input_file"
# Where a task reads one file Hadoop names it; what people put beside their data is no log.
_DOCUMENT = re.compile(r"(?i)(?:\.(?:md|rst|html?|pdf)|/(?:readme|licen[cs]e)(?:\.txt)?)$")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def main(arguments: list[str]) -> int:
    """Map standard input to standard output and report the counters on standard error; 1 if too many lines are no events."""
    # A reader that has seen enough (`| head`) ends this program as it ends cat: at once and without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if _DOCUMENT.search(os.environ.get(_INPUT_FILE, "")):
        return 0
    parser = argparse.ArgumentParser(description="Map log lines to plays.")
    parser.add_argument(
        "--max-dropped", type=_share, default=0.5, help="share of lines that may be no events, such as 10%%"
    )
    allowed = parser.parse_args(arguments).max_dropped
    malformed = MalformedLines()
    counters = write_plays(sys.stdin.buffer, sys.stdout.buffer, malformed)
    sys.stdout.buffer.flush()
    for name, amount in sorted(counters.items()):
        sys.stderr.write(f"reporter:counter:top_artists,{name},{amount}\n")
    problem = malformed.judge(counters["lines_read"], allowed)
    if problem:
        sys.stderr.write(f"mapper failed: {problem}\n")
        return 1
    return 0


class MalformedLines:
    """How many lines were left out for each reason, and the first of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, line: bytes, error: Exception) -> None:
        """Count one line and why it is left out."""
        reason = _reason(line, error)
        self._counts[reason] += 1
        self._examples.setdefault(reason, ascii(line[:_SHOWN_BYTES].decode("utf-8", "replace").strip()))

    def judge(self, read: int, allowed: float) -> str:
        """What is wrong with the input, if too much of it is; empty otherwise."""
        dropped = sum(self._counts.values())
        if dropped <= read * allowed:
            return ""
        reasons = (
            f"{count:,} {reason}, such as {self._examples[reason]}" for reason, count in self._counts.most_common(3)
        )
        return f"{dropped:,} of {read:,} lines are no events: {'; '.join(reasons)}. Correct the input, or allow more with --max-dropped"


def write_plays(log: BinaryIO, plays: BinaryIO, malformed: MalformedLines) -> Counter[str]:
    """Write a line for each play in the log and return what was counted; a line that is no event is counted and left out."""
    counters: Counter[str] = Counter()
    for line in read_lines(log):
        for piece in strip_array(line):
            counters["lines_read"] += 1
            try:
                artist = find_played_artist(piece)
            except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested deeper than Python goes
                counters["malformed_lines"] += 1
                malformed.add(piece, error)
                continue
            if artist is not None:
                plays.write(artist + b"\t1\n")
                counters["plays"] += 1
    return counters


def strip_array(line: bytes) -> list[bytes]:
    """The line without what makes it one of an array: a bracket at either end, a comma; nothing of a line that is only that."""
    text = line.removeprefix(codecs.BOM_UTF8).strip()
    if text in (b"[", b"]", b"],", b","):
        return []
    text = text[:-1].rstrip() if text.endswith(b",") else text
    begins, ends = (
        text.startswith(b"[") and text[1:].lstrip()[:1] == b"{",
        text.endswith(b"]") and text[:-1].rstrip()[-1:] == b"}",
    )
    if begins and ends:
        return _elements(text)
    return [text[1:] if begins else text[:-1] if ends else text]


def _elements(text: bytes) -> list[bytes]:
    try:
        return [json.dumps(element, ensure_ascii=False).encode() for element in json.loads(text.decode())]
    except (ValueError, RecursionError):
        return [text]


def _reason(line: bytes, error: Exception) -> str:
    if b"\0" in line[:_SHOWN_BYTES]:
        return "that are UTF-16 or no text (convert them, as `iconv` does)"
    if isinstance(error, UnicodeDecodeError):
        return "that are not UTF-8 (convert them, as `iconv` does; unpack archives)"
    if _PIECE.match(line):
        return "that are pieces of JSON (write one object a line, as `jq -c .` does)"
    return str(error) if type(error) is ValueError else "that are no JSON"


def _share(text: str) -> float:
    value = float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def read_lines(log: BinaryIO) -> Iterator[bytes]:
    """Yield the lines; of one that is too long only the beginning, which is no whole JSON object."""
    while line := log.readline(LONGEST_LINE):
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = log.readline(LONGEST_LINE)
        yield line


def find_played_artist(line: bytes) -> bytes | None:
    """Return the escaped name of the artist that the event played, None for any other event; ValueError if it is no event."""
    event = json.loads(line.decode("utf-8-sig"))
    if not isinstance(event, dict):
        raise ValueError("that are no JSON object")
    artist = event.get("artist")
    if event.get("page") != "NextSong" or artist is None:
        return None
    if not isinstance(artist, str):
        raise ValueError("whose artist is no text")
    return artist.translate(_ESCAPES).encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
