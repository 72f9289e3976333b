"""What the words that a person wrote say: options, and what is code by its name. Never used on argument lists of ours. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

_CODE_SUFFIXES = (".egg", ".hql", ".jar", ".pex", ".pig", ".py", ".q", ".r", ".sh", ".sql", ".tar.gz", ".tgz", ".whl", ".zip")  # fmt: skip
_SWITCHES = ("--verbose", "-v", "--supervise")


def options_among(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each option with the word after it; `--name=value` is a pair too."""
    for word, following in pairwise([*words, ""]):
        if word.startswith("-"):
            option, equals, value = word.partition("=")
            yield (option, value) if equals and option.startswith("--") else (word, following)


def code_among(words: Sequence[str]) -> Iterator[str]:
    """The words that are code by their suffix."""
    yield from (word for word in words if word.casefold().partition("#")[0].endswith(_CODE_SUFFIXES))


def program_of_spark_submit(words: Sequence[str]) -> Iterator[str]:
    """The program of a spark-submit: the first word that is neither an option nor the value of one."""
    is_value = False
    for word in words:
        if is_value:
            is_value = False
        elif word.startswith("-"):
            is_value = word not in _SWITCHES and "=" not in word
        else:
            yield word
            return
