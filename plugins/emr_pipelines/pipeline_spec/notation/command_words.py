"""A command line that somebody wrote as one text, as the list of words that a spec takes. Pure text work."""

from __future__ import annotations

import json
import re
import shlex

# What YAML reads as a text without quotes, also within brackets.
_PLAIN = re.compile(r"[A-Za-z_./$%@+][\w./$%@+=-]*|-{1,2}[A-Za-z][\w./=-]*")
_NO_TEXT = re.compile(r"true|false|yes|no|on|off|null|[.]?(?:inf|nan)|[+.]*[0-9][0-9_.e+-]*", re.IGNORECASE)


def as_list(text: str) -> str:
    """The words as a shell would read them, in YAML: `bash -c "echo hi"` is `[bash, -c, "echo hi"]`."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quote that is not closed
        words = text.split()
    return f"[{', '.join(map(_written, words))}]"


def _written(word: str) -> str:
    if _PLAIN.fullmatch(word) and not _NO_TEXT.fullmatch(word):
        return word
    return json.dumps(word, ensure_ascii=False)
