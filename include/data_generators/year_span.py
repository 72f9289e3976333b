"""The argument FIRST-LAST of the generators that make data by years. Pure."""

import argparse


def read_year_span(text: str) -> range:
    """The years of `1995-2015`, or of `2018` alone. Raises ArgumentTypeError when the last is before the first, ValueError for what is no year."""
    first, _, last = text.partition("-")
    span = range(int(first), int(last or first) + 1)
    if not span:
        raise argparse.ArgumentTypeError(f"{text}: the last year is before the first")
    return span
