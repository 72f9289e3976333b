"""The rule of all jobs about what they read and cannot use. A job asks it before it writes its result. Pure: no Spark, no I/O."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from batch_job.arguments import JobArguments
from batch_job.run import JobError

_REASONS_TOLD = 3
_LONGEST_EXAMPLE = 120
_log = logging.getLogger("batch_job.left_out")


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """What is left out for one reason: how much, and one of it. What an option ``asked`` to leave out is not held against the data."""

    reason: str
    count: int
    example: str | None = None
    asked: bool = False


def judge_left_out(
    arguments: JobArguments, uri: str, *, read: int, left_out: Iterable[LeftOut], noun: str = "rows"
) -> None:
    """Fail when too much of what was read from ``uri`` is left out, with the commonest reasons; warn of less.

    Raises JobError when more than ``--max-dropped`` cannot be used, and always when something was read and nothing of it is left.
    """
    parts = sorted((part for part in left_out if part.count), key=lambda part: (-part.count, part.reason))
    dropped = sum(part.count for part in parts if not part.asked)
    if read and sum(part.count for part in parts) >= read:
        advice = "Correct the input or the job's options"
        raise JobError(f"nothing in {uri} can be used. Of {read:,} {noun}: {_tell(parts)}. {advice}")
    if not dropped:
        return
    told = _tell([part for part in parts if not part.asked])
    sentence = f"{dropped:,} of {read:,} {noun} in {uri} cannot be used ({dropped / read:.1%}): {told}"
    allowed = arguments.options.max_dropped
    if dropped > read * allowed:
        raise JobError(f"{sentence}. Correct the input, or allow more than {allowed:.0%} with --max-dropped")
    _log.warning("%s", sentence)


def _tell(parts: list[LeftOut]) -> str:
    told = "; ".join(_tell_one(part) for part in parts[:_REASONS_TOLD])
    rest = sum(part.count for part in parts[_REASONS_TOLD:])
    return f"{told}; and {rest:,} for other reasons" if rest else told


def _tell_one(part: LeftOut) -> str:
    example = f", such as {_shorten(part.example)}" if part.example is not None else ""
    return f"{part.count:,} {part.reason}{example}"


def _shorten(example: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in example)
    return repr(shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[: _LONGEST_EXAMPLE - 1]}…")
