"""What an exception in a log says, and whether it only wraps the one that matters. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOG_LINE = re.compile(r"^\[?\d{2,4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d")

_LONGEST_MESSAGE = 300
_WRAPPERS = frozenset(
    {
        "ExecutionException", "InvocationTargetException", "Py4JError", "Py4JJavaError", "Py4JNetworkError",
        "PythonException", "SparkUserAppException", "StageFailedException", "UndeclaredThrowableException",
    }
)  # fmt: skip
_WRAPPING_WORDS = re.compile(
    r"finished with failed status|User application exited with|Job aborted|Job failed|Error running job|Exception thrown in awaitResult"
    r"|Task failed while writing|TASK_WRITE_FAILED|PipeMapRed\.|Multiple failures in stage|Job \S+ cancelled|SparkContext was shut down"
    r"|Writing job failed|returned non-zero exit status"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One exception of a log: its class, its message (several lines), and the place in the user's code (`count_words.py:42`) if the log tells.

    `writes` tells that a line of the traceback writes a file.
    """

    error: str
    message: str
    place: str | None = None
    writes: bool = False

    @property
    def text(self) -> str:
        """Class and message, as the log has them."""
        return f"{self.error}: {self.message}"

    @property
    def is_wrapper(self) -> bool:
        """Whether it says only that something failed, not what."""
        return simple_name(self.error) in _WRAPPERS or _WRAPPING_WORDS.search(self.message) is not None


def simple_name(error: str) -> str:
    """A class without its package."""
    return re.split(r"[.$]", error)[-1]


def shorten(message: str) -> str:
    """The first line that says something, cut where it is too long for a sentence."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    line = line.rstrip(".;")
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 1]}…"


def describe_plainly(failure: Failure) -> str:
    """`ValueError: no such year (count_words.py:42)`."""
    message = shorten(failure.message)
    words = f"{simple_name(failure.error)}: {message}" if message else simple_name(failure.error)
    return f"{words} ({failure.place})" if failure.place else words
