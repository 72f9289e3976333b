"""Hadoop's path globs as regular expressions on S3 keys. Pure.

`*` and `?` stay within a path segment, `[abc]`, `[a-z]`, `[^a]` and `[!a]` stand for one character, `{a,b}` for one of several texts, which may hold
slashes and globs; a backslash takes the next character as it is (org.apache.hadoop.fs.GlobPattern and GlobExpander).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from emr_pipelines.errors import EmrPipelinesError

_SPECIAL = re.compile(r"[*?\[{\\]")
# What a glob is made of: an escaped character, a class of characters, or one character.
_TOKEN = re.compile(r"\\(?P<escaped>.)|\[(?P<negated>[\^!]?)(?P<members>(?:\\.|[^\]\\])+)\]|(?P<plain>.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """A glob of keys: all that it matches starts with `base`; group 1 of `pattern` is the path, group 2 what lies below it."""

    base: str
    pattern: re.Pattern[str]


def is_glob(key: str) -> bool:
    """Whether Hadoop would look for several paths."""
    return _SPECIAL.search(key) is not None


def parse_glob(key: str) -> Glob:
    """Translate the glob of a key. Raises EmrPipelinesError when it is none: a bracket or a brace that does not close, a range that runs backwards."""
    first = _SPECIAL.search(key)
    base = key[: first.start()] if first else key
    try:
        return Glob(base=base, pattern=re.compile(rf"({_translate(key)})(/.*)?", re.DOTALL))
    except (re.error, ValueError) as error:
        raise EmrPipelinesError(
            f"{key!r} is no glob that Hadoop understands ({error}); see GlobPattern of Hadoop"
        ) from error


def _translate(key: str) -> str:
    words: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(key):
        plain = token["plain"]
        if plain in ("[", "\\"):
            raise ValueError(f"the {plain} at character {token.start() + 1} has no end")
        if plain == "{":
            depth += 1
            words.append("(?:")
        elif plain == "}" and depth:
            depth -= 1
            words.append(")")
        else:
            words.append("|" if plain == "," and depth else _word(token))
    if depth:
        raise ValueError("a { has no end")
    return "".join(words)


def _word(token: re.Match[str]) -> str:
    if token["members"] is not None:
        members = re.sub(r"\\(.)|([^-])", lambda one: re.escape(one[1] or one[2]), token["members"])
        return rf"(?!/)[{'^' if token['negated'] else ''}{members}]"
    if token["escaped"] is not None:
        return re.escape(token["escaped"])
    return {"*": "[^/]*", "?": "[^/]"}.get(token["plain"], re.escape(token["plain"]))
