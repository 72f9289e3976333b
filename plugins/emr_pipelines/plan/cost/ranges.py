"""A range of money, of which an end may not be known. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """US dollars from `low` to `high`. `high` is None where something without a price belongs to it: it is then at least `low`.

    `low_is_known` is False where only the high end has a price: it is then at most `high`.
    """

    low: float
    high: float | None
    low_is_known: bool = True

    def plus(self, other: Range) -> Range:
        """The sum of both."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Range(low=self.low + other.low, high=high, low_is_known=self.low_is_known and other.low_is_known)

    def times(self, factor: float) -> Range:
        """So many of it."""
        return replace(self, low=self.low * factor, high=None if self.high is None else self.high * factor)

    def until(self, other: Range) -> Range:
        """From the low end of this one to the high end of the other."""
        return replace(self, high=other.high)


NOTHING = Range(low=0.0, high=0.0)
UNKNOWN = Range(low=0.0, high=None)


def total_of(ranges: Iterable[Range]) -> Range:
    """The sum of all."""
    total = NOTHING
    for one in ranges:
        total = total.plus(one)
    return total
