#!/usr/bin/env python3
"""Hadoop Streaming reducer and combiner: sorted ``name<TAB>count`` lines in, one line a name with the sum out. Standard library only, Python 3.9 and later.

Names are bytes that it does not look into. It holds one name and one sum at a time, whatever the input's size.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO

# Of more digits a sum would not fit the 64 bits that later steps count with.
_MOST_DIGITS = 18


def main() -> int:
    """Reduce standard input to standard output and report the counters on standard error."""
    # A reader that has seen enough (`| head`) ends this program as it ends cat: at once and without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    counters = write_sums(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    for name, amount in sorted(counters.items()):
        sys.stderr.write(f"reporter:counter:top_artists,{name},{amount}\n")
    return 0


def write_sums(counts: Iterable[bytes], sums: BinaryIO) -> Counter[str]:
    """Write the sum of each name's counts and return what was counted."""
    counters: Counter[str] = Counter()
    for name, group in groupby(read_counts(counts, counters), key=itemgetter(0)):
        sums.write(b"%s\t%d\n" % (name, sum(count for _, count in group)))
    return counters


def read_counts(lines: Iterable[bytes], counters: Counter[str]) -> Iterator[tuple[bytes, int]]:
    """Yield name and count of each line; a line that is not of this form is counted and left out."""
    for line in lines:
        name, _, count = line.rstrip(b"\n").partition(b"\t")
        if count.isdigit() and len(count) <= _MOST_DIGITS:
            yield name, int(count)
        else:
            counters["malformed_lines"] += 1


if __name__ == "__main__":
    sys.exit(main())
