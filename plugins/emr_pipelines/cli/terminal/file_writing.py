"""What a person is told when a file that a verb is to write cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emr_pipelines.errors import EmrPipelinesError


@contextmanager
def writing(place: Path, option: str = "") -> Iterator[None]:
    """Turn what the system refuses in the block into one sentence that names the file, and the option that asked for it."""
    try:
        yield
    except OSError as error:
        named = f"{option} {place}: " if option else ""
        raise EmrPipelinesError(
            f"{named}{error.filename or place} cannot be written: {error.strerror or error}; "
            f"{'name' if option else 'make it'} a place that this user may write to"
        ) from error
