"""The reducer `aggregate`: sums, extremes, distinct counts and histograms by the type in front of the key, as Hadoop's Aggregate package. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from emr_local.runners.streaming.keys import Pair

_PLAIN_DOUBLES = (1e-3, 1e7)  # outside, Java writes an exponent


class AggregateError(ValueError):
    """A record that no aggregator takes."""


def aggregate_pairs(pairs: Iterable[Pair]) -> Iterator[tuple[bytes, bytes]]:
    """Give one record per key of sorted pairs whose keys are `<aggregator>:<name>`."""
    for key, group in groupby(pairs, key=lambda pair: pair[0]):
        kind, separator, name = key.partition(b":") if isinstance(key, bytes) else (b"", b"", b"")
        aggregate = _AGGREGATORS.get(kind.decode(errors="replace"))
        if not separator or aggregate is None:
            raise AggregateError(
                f"{key!r} does not begin with an aggregator and a colon. The aggregators are {', '.join(_AGGREGATORS)}."
            )
        try:
            yield name, aggregate(value for _, value in group).encode()
        except ValueError as problem:
            raise AggregateError(f"{key!r}: {problem}") from problem


def write_double(value: float) -> str:
    """Write a number as Java does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    least, most = _PLAIN_DOUBLES
    if value == 0 or least <= abs(value) < most:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{fraction}E{int(exponent) + len(digits) - 1}"


def _long(value: bytes) -> int:
    return int(value.decode())


def _sum_longs(values: Iterable[bytes]) -> str:
    return str(sum(map(_long, values)))


def _sum_doubles(values: Iterable[bytes]) -> str:
    total = 0.0
    for value in values:  # one after the other, as Java adds them
        total += float(value)
    return write_double(total)


def _show_text(choose: Callable[[Iterable[bytes]], bytes]) -> Callable[[Iterable[bytes]], str]:
    return lambda values: choose(values).decode("utf-8", "replace")


def _describe_counts(values: Iterable[bytes]) -> str:
    """Give how many distinct values there are, then the least, median, greatest, mean and standard deviation of their counts."""
    counts: Counter[bytes] = Counter()
    for value in values:
        text, tab, number = value.rpartition(b"\t")
        counts[text if tab else value] += _long(number) if tab else 1
    ordered = sorted(counts.values())
    mean = sum(ordered) / len(ordered)
    deviation = math.sqrt(sum((count - mean) ** 2 for count in ordered) / len(ordered))
    numbers = [len(ordered), ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    return "\t".join([*map(str, numbers), write_double(mean), write_double(deviation)])


_AGGREGATORS: dict[str, Callable[[Iterable[bytes]], str]] = {
    "LongValueSum": _sum_longs,
    "LongValueMax": lambda values: str(max(map(_long, values))),
    "LongValueMin": lambda values: str(min(map(_long, values))),
    "DoubleValueSum": _sum_doubles,
    "StringValueMax": _show_text(max),
    "StringValueMin": _show_text(min),
    "UniqValueCount": lambda values: str(len(set(values))),
    "ValueHistogram": _describe_counts,
}
