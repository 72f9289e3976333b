"""What the words of a step say about its cluster's HDFS. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

_HDFS_COMMANDS = (("hdfs", "dfs"), ("hadoop", "fs"))
# An option, an address with its scheme, or a prefix that is on S3 in every run.
_NO_HDFS_PATH = re.compile(r"-|[A-Za-z][A-Za-z0-9+.-]*:|\$\{(steps|code)\.")
_READING = frozenset({
    "-cat", "-checksum", "-copyToLocal", "-count", "-df", "-du", "-expunge", "-find", "-get", "-getfacl", "-getfattr", "-getmerge",
    "-head", "-help", "-ls", "-rm", "-rmdir", "-stat", "-tail", "-test", "-text", "-usage",
})  # fmt: skip
_INTO_THE_LAST = frozenset({"-appendToFile", "-copyFromLocal", "-cp", "-moveFromLocal", "-mv", "-put"})
_END_OF_COMMAND = re.compile(r"(;|&&?|\|\|?)$")


def needs_hdfs(arguments: Iterable[str]) -> bool:
    """Whether a step names something on its cluster's HDFS. In doubt it does: then its data would be lost with the cluster."""
    words = _words_of(arguments)
    if any("hdfs:" in word for word in words):
        return True
    return any(not _NO_HDFS_PATH.match(word) for start in _starts(words) for word in words[start + 2 :])


def leaves_on_hdfs(arguments: Iterable[str]) -> bool:
    """Whether a step seems to write to its cluster's HDFS: it names something there, and not only to list, fetch or remove it."""
    words = _words_of(arguments)
    commands = [_command_at(words[start + 2 :]) for start in _starts(words)]
    if commands:
        return any(map(_writes, commands))
    # The source of s3-dist-cp is only read.
    sources = {index for index, word in enumerate(words) if word.startswith("--src=") or words[index - 1] == "--src"}
    return any("hdfs:" in word for index, word in enumerate(words) if index not in sources)


def _words_of(arguments: Iterable[str]) -> list[str]:
    return [word for argument in arguments for word in argument.split()]


def _starts(words: Sequence[str]) -> Iterator[int]:
    return (index for index in range(len(words) - 1) if (words[index], words[index + 1]) in _HDFS_COMMANDS)


def _command_at(words: Sequence[str]) -> list[str]:
    """The words up to the end of the command, where a shell takes more than one."""
    inner = list(takewhile(lambda word: not _END_OF_COMMAND.search(word), words))
    last = _END_OF_COMMAND.sub("", words[len(inner)]) if len(inner) < len(words) else ""
    return [*inner, last] if last else inner


def _writes(command: Sequence[str]) -> bool:
    operation, *operands = command or [""]
    if operation in _READING:
        return False
    targets = operands[-1:] if operation in _INTO_THE_LAST else operands
    return any("hdfs:" in word or not _NO_HDFS_PATH.match(word) for word in targets)
