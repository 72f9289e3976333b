"""How Hadoop Streaming reads a program's command line, and which of its words are files that travel with the job. Pure.

Hadoop splits at spaces and at quotes, single or double; nothing escapes a quote, and two quotes with nothing between are no word at all
(org.apache.hadoop.streaming.PipeMapRed.splitArgs). A program without a slash is looked for beside the shipped files, then on the node's PATH.
"""

from __future__ import annotations

PROGRAMS = ("mapper", "combiner", "reducer")
# A parameter's value may hold a space; the values of ${run.…} and of the steps never do.
_OPEN = "${params."


def is_file(word: str) -> bool:
    """Whether a program is a file that travels with the job; a command of the node has no slash, or is an absolute path."""
    return "/" in word and not word.startswith("/")


def shipped_name(address: str) -> str:
    """The name under which a task finds a shipped file: what follows its `#`, else its base name."""
    path, _, name = address.partition("#")
    return name or path.rpartition("/")[2]


def quote_word(word: str) -> str | None:
    """The word as Hadoop reads it back as one; None for a word that it cannot."""
    if not word or ("'" in word and ('"' in word or _OPEN in word)):
        return None
    if "'" in word:
        return f'"{word}"'
    return f"'{word}'" if " " in word or '"' in word or _OPEN in word else word
