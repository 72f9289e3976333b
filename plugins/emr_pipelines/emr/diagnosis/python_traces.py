"""Python tracebacks in a log: of the driver's script, of Python workers inside Java's stack traces, of mappers and reducers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emr_pipelines.emr.diagnosis.failures import LOG_LINE, Failure

_START = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "(?P<file>.+?)", line (?P<line>\d+)(?P<function>, in .*)?$')
_ERROR = re.compile(r"^(?P<error>[A-Za-z_][\w.]*)(?::\s?(?P<message>.*))?$")
_LIBRARY = re.compile(
    r"pyspark\.zip|/pyspark/|py4j|/lib(?:64)?/python\d|(?:site|dist)-packages|^<(?:frozen|string|stdin)|/cloudpickle/"
)
_END_OF_MESSAGE = ("Traceback", "During handling of", "The above exception", "\tat ", "Caused by:", "== SQL")
_LONGEST_MESSAGE_LINES = 8
# A line of source that opens a file to write it, or makes one.
_WRITES = re.compile(
    r"""\bopen\([^#]*["'][rbt]*[wax][bt+]*["']|\b(?:savefig|write_text|write_bytes|to_csv|to_file|imsave|imwrite|savetxt|mkdir|makedirs|touch)\("""
)


@dataclass(slots=True, kw_only=True)
class _Trace:
    """A traceback while it is read: its frames, outermost first."""

    frames: list[tuple[str, int]] = field(default_factory=list)
    writes: bool = False

    def place(self) -> str | None:
        own = [(file, line) for file, line in self.frames if not _LIBRARY.search(file)]
        return f"{_short_path(own[-1][0])}:{own[-1][1]}" if own else None

    def ends_in_py4j(self) -> bool:
        return bool(self.frames) and "py4j" in self.frames[-1][0]


def find_python_failures(text: str) -> list[Failure]:
    """The exceptions with a traceback, in the order of the log. Those of destructors, and py4j's own when the JVM has died, are no causes and left out."""
    lines = text.splitlines()
    return list(_read(lines))


def _read(lines: list[str]) -> Iterator[Failure]:
    trace: _Trace | None = None
    for number, line in enumerate(lines):
        frame = _FRAME.match(line)
        if _START in line:
            trace = None if _is_ignored(lines, number) else _Trace()
        elif frame and (trace is not None or frame["function"] is None or _follows_no_trace(lines, number)):
            trace = trace or _Trace()
            trace.frames.append((frame["file"], int(frame["line"])))
        elif trace is not None and line[:1].isspace():
            trace.writes = trace.writes or _WRITES.search(line) is not None
        elif trace is not None and line:
            failure = _failure_at(lines, number, trace)
            trace = None
            if failure is not None:
                yield failure


def _is_ignored(lines: list[str], number: int) -> bool:
    return number > 0 and lines[number - 1].startswith("Exception ignored in")


def _follows_no_trace(lines: list[str], number: int) -> bool:
    """Whether the log begins within a traceback whose head was cut off."""
    return number <= 1


def _failure_at(lines: list[str], number: int, trace: _Trace) -> Failure | None:
    match = _ERROR.match(lines[number])
    if match is None:
        return None
    is_java_error = match["error"].endswith("Py4JJavaError")
    if trace.ends_in_py4j() and not is_java_error:
        return None
    message = [match["message"] or "", *_message_lines(lines, number + 1, empty=not match["message"])]
    return Failure(error=match["error"], message="\n".join(message).strip(), place=trace.place(), writes=trace.writes)


def _message_lines(lines: list[str], start: int, *, empty: bool) -> list[str]:
    """The lines that a message goes on with: up to an empty line, which may come first only where the message has not begun."""
    found: list[str] = []
    for line in lines[start : start + _LONGEST_MESSAGE_LINES]:
        if line.startswith(_END_OF_MESSAGE) or LOG_LINE.match(line):
            break
        if not line.strip():
            if found or not empty:
                break
            continue
        found.append(line)
    return found


def _short_path(path: str) -> str:
    """A script's name; inside a package that travelled as a zip, the path in it."""
    return path.rsplit(".zip/", 1)[1] if ".zip/" in path else path.rsplit("/", 1)[-1]
