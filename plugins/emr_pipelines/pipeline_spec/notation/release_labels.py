"""Release labels as numbers that can be compared. Pure; what a release holds is in the catalog."""

from __future__ import annotations


def release_number(label: str) -> tuple[int, int]:
    """Major and minor number of a label of the right form: (7, 13) of emr-7.13.0, (8, 1) of emr-spark-8.1.0."""
    major, minor, _ = label.rpartition("-")[2].split(".")
    return int(major), int(minor)


def is_since(label: str, firsts: tuple[tuple[int, int], ...]) -> bool:
    """Whether a release has what came with `firsts`: one release per major number, and all of any later major number."""
    number = release_number(label)
    same_major = [first for first in firsts if first[0] == number[0]]
    return number >= same_major[0] if same_major else number > max(firsts)
