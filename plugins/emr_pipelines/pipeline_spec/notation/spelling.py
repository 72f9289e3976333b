"""Guesses what a person meant by a misspelt name. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that looks most like the word, if any comes close (1 is the same); case does not matter."""
    by_folded = {name.casefold(): name for name in sorted(known)}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None


def suggest(word: str, known: Iterable[str], noun: str = "names") -> str:
    """The fix sentence for an unknown name: the closest one, or all that there are."""
    names = sorted(set(known))
    guess = closest(word, names)
    if guess:
        return f"Did you mean {guess!r}?"
    return f"Known {noun}: {', '.join(names)}." if names else f"There are no {noun}."
