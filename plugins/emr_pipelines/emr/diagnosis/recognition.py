"""From the text of logs to one sentence that names the cause. Pure: the logs are passed in, most telling first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from emr_pipelines.emr.diagnosis.failures import Failure, describe_plainly, simple_name
from emr_pipelines.emr.diagnosis.java_traces import find_java_failures
from emr_pipelines.emr.diagnosis.known_failures import describe_known
from emr_pipelines.emr.diagnosis.log_lines import describe_exit, describe_lines
from emr_pipelines.emr.diagnosis.python_traces import find_python_failures


def find_cause(logs: Sequence[str]) -> str | None:
    """The sentence; None when the logs say nothing that is understood. An exception is believed before a line, a cause before what wraps it."""
    failures = [failure for text in logs for failure in _failures_of(text)]
    return _describe_first(failures) or describe_lines(logs)


def find_last_resort(logs: Sequence[str]) -> str | None:
    """What the exit codes in the logs mean, where nothing else tells more."""
    return describe_exit(logs)


def _describe_first(failures: Iterable[Failure]) -> str | None:
    for failure in failures:
        sentence = describe_known(failure)
        if sentence is None and not failure.is_wrapper:
            sentence = describe_plainly(failure)
        if sentence is not None:
            return sentence
    return None


def _failures_of(text: str) -> list[Failure]:
    """A log's exceptions, the one that ended the program first. A Java exception that Python met happened at Python's place.

    The script ended with its last exception; when that came from Java, Python's earlier ones were caught and say nothing.
    """
    python = find_python_failures(text)
    java = find_java_failures(text)
    last = list(takewhile(lambda failure: not _came_from_java(failure), reversed(python)))
    place = next((failure.place for failure in reversed(python) if failure.place), None)
    return [replace(failure, place=failure.place or place) for failure in (*last, *java)]


def _came_from_java(failure: Failure) -> bool:
    return simple_name(failure.error) == "Py4JJavaError"
