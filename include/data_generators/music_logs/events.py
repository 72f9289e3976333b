"""Log events as columns of numbers: what the drawing of sessions hands to the writing of lines. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

NOBODY = -1
NO_SONG = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Events:
    """One array entry an event; ``user`` is NOBODY before login and ``song`` is NO_SONG where none is played."""

    ts: np.ndarray
    user: np.ndarray
    session: np.ndarray
    item: np.ndarray
    page: np.ndarray
    song: np.ndarray
    level: np.ndarray
    auth: np.ndarray

    def select(self, rows: np.ndarray | slice) -> "Events":
        """Take some of the events, in the order that ``rows`` gives."""
        return Events(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def join_events(parts: Sequence[Events]) -> Events:
    """Put events together, ordered by time; events of one moment keep their order."""
    joined = Events(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Events)}
    )
    return joined.select(np.argsort(joined.ts, kind="stable"))
