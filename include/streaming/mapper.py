#!/usr/bin/env python3
"""Hadoop Streaming mapper: a music service's log lines (JSON) in, ``artist<TAB>1`` out for each play. Standard library only, Python 3.9 and later.

A name is written as one field of one line: backslash, tab, line feed and carriage return in it become ``\\\\``, ``\\t``, ``\\n`` and ``\\r``.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

# A log line has less than a kilobyte. Without a limit a file without line ends would be read into memory whole.
LONGEST_LINE = 16 * 1024 * 1024
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def main() -> int:
    """Map standard input to standard output and report the counters on standard error."""
    # A reader that has seen enough (`| head`) ends this program as it ends cat: at once and without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    counters = write_plays(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    for name, amount in sorted(counters.items()):
        sys.stderr.write(f"reporter:counter:top_artists,{name},{amount}\n")
    return 0


def write_plays(log: BinaryIO, plays: BinaryIO) -> Counter[str]:
    """Write a line for each play in the log and return what was counted; a line that is no event is counted and left out."""
    counters: Counter[str] = Counter()
    for line in read_lines(log):
        counters["lines_read"] += 1
        try:
            artist = find_played_artist(line)
        except (ValueError, RecursionError):  # not UTF-8, not JSON, or nested deeper than Python goes
            counters["malformed_lines"] += 1
            continue
        if artist is not None:
            plays.write(artist + b"\t1\n")
            counters["plays"] += 1
    return counters


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
        raise ValueError("not a JSON object")
    artist = event.get("artist")
    if event.get("page") != "NextSong" or artist is None:
        return None
    if not isinstance(artist, str):
        raise ValueError("the artist is no text")
    return artist.translate(_ESCAPES).encode()


if __name__ == "__main__":
    sys.exit(main())
