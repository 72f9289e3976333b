"""Finds regular expressions that may take exponential time on a text: whoever starts a run may send such a text. Pure; knows no specs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

_TOKEN = re.compile(
    r"""(?P<flags>\(\?[aiLmsux]+\))
    | (?P<open>\((?:\?(?:P?<\w+>|[:=!>]|<[=!]))?)
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<quantifier>(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})[?+]?)
    | (?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)""",
    re.VERBOSE | re.DOTALL,
)
_FIXED = re.compile(r"\{\d+\}")
_SAMPLE = tuple(chr(code) for code in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A character of a pattern, or a group with its alternatives; `is_variable` when it does not always match the same number of characters."""

    characters: frozenset[str]
    alternatives: tuple[tuple[_Part, ...], ...] = ()
    is_variable: bool = False
    begin: int = 0


@dataclass(slots=True, kw_only=True)
class _OpenGroup:
    begin: int
    alternatives: list[list[_Part]] = field(default_factory=lambda: [[]])


def find_slow_part(pattern: str) -> str | None:
    """The repeated group of a pattern that can match the same text in many ways, such as `(a+)+`; None when there is none."""
    groups = [_OpenGroup(begin=0)]
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "open":
                groups.append(_OpenGroup(begin=token.start()))
            case "close" if len(groups) > 1:
                closed = groups.pop()
                groups[-1].alternatives[-1].append(_close(closed))
            case "bar":
                groups[-1].alternatives.append([])
            case "atom":
                part = _Part(characters=_characters(token.group()), begin=token.start())
                groups[-1].alternatives[-1].append(part)
            case "quantifier" if groups[-1].alternatives[-1]:
                repeated = groups[-1].alternatives[-1].pop()
                if not token.group().startswith("?") and _is_ambiguous(repeated):
                    return pattern[repeated.begin : token.end()]
                varies = repeated.is_variable or not _FIXED.fullmatch(token.group())
                groups[-1].alternatives[-1].append(replace(repeated, is_variable=varies))
    return None


def _close(group: _OpenGroup) -> _Part:
    parts = [part for alternative in group.alternatives for part in alternative]
    return _Part(
        characters=frozenset().union(*(part.characters for part in parts)),
        alternatives=tuple(tuple(alternative) for alternative in group.alternatives),
        is_variable=len(group.alternatives) > 1 or any(part.is_variable for part in parts),
        begin=group.begin,
    )


def _is_ambiguous(group: _Part) -> bool:
    """Whether the repeats of a group can divide one text among them in several ways."""
    if len(group.alternatives) > 1:
        firsts = [alternative[0].characters if alternative else frozenset() for alternative in group.alternatives]
        varies = any(part.is_variable for alternative in group.alternatives for part in alternative)
        return varies or any(one & other for one, other in combinations(firsts, 2))
    parts = group.alternatives[0] if group.alternatives else ()
    return any(part.is_variable for part in parts) and not _has_separator(parts)


def _has_separator(parts: Sequence[_Part]) -> bool:
    """Whether one character is in every repeat, and is none that the others can take: it tells where each repeat begins."""
    return any(
        not part.is_variable
        and not part.alternatives
        and not any(part.characters & other.characters for other in parts if other is not part)
        for part in parts
    )


def _characters(atom: str) -> frozenset[str]:
    """The characters that an atom takes; a place such as ^ takes none."""
    try:
        compiled = re.compile(atom, re.DOTALL)
    except re.error:
        return frozenset()
    return frozenset(character for character in _SAMPLE if compiled.fullmatch(character))
