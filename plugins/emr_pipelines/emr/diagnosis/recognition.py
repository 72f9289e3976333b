"""From the text of logs to one sentence that names the cause. Pure: the logs are passed in, most telling first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from emr_pipelines.emr.diagnosis.failures import Failure, describe_plainly, simple_name
from emr_pipelines.emr.diagnosis.java_traces import find_java_failures
from emr_pipelines.emr.diagnosis.known_failures import describe_known, describe_vaguely
from emr_pipelines.emr.diagnosis.log_lines import describe_exit, describe_lines
from emr_pipelines.emr.diagnosis.python_traces import find_python_failures


def find_cause(logs: Sequence[str]) -> str | None:
    """The sentence; None when the logs say nothing that is understood. An exception is believed before a line, a cause before what wraps it."""
    chains = (chain for text in logs for chain in _chains_of(text))
    return next(filter(None, map(_describe_chain, chains)), None) or describe_lines(logs)


def find_last_resort(logs: Sequence[str]) -> str | None:
    """What the exit codes in the logs mean, where nothing else tells more."""
    return describe_exit(logs)


def _describe_chain(chain: Sequence[Failure]) -> str | None:
    """What is known of any of the chain's exceptions says more than the deepest one says of itself."""
    known = next(
        filter(None, (describe(one) for describe in (describe_known, describe_vaguely) for one in chain)), None
    )
    return known or next((describe_plainly(failure) for failure in chain if not failure.is_wrapper), None)


def _chains_of(text: str) -> list[list[Failure]]:
    """A log's exceptions with their causes, deepest first; that which ended the program first. A Java exception that Python met happened at Python's place.

    The script ended with its last exception; when that came from Java, Python's earlier ones were caught and say nothing.
    """
    python = find_python_failures(text)
    last = [[failure] for failure in takewhile(lambda failure: not _came_from_java(failure), reversed(python))]
    place = next((failure.place for failure in reversed(python) if failure.place), None)
    chains = [*last, *find_java_failures(text)]
    return [[replace(failure, place=failure.place or place) for failure in chain] for chain in chains]


def _came_from_java(failure: Failure) -> bool:
    return simple_name(failure.error) == "Py4JJavaError"
