"""The faults that are set, how many calls each has seen and hit. In memory only: a restart forgets them. Plays no fault."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from emr_local.faults.fault import Fault, is_due, matches_call, matches_launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A fault that is to be played now."""

    fault_id: str
    fault: Fault


@dataclass(slots=True, kw_only=True)
class _Entry:
    fault: Fault
    seen: int = 0
    hits: int = 0


class FaultRegistry:
    """All faults, in the order in which they were set. Of several that are due, the oldest hits and the others wait for the next call."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._entries: dict[str, _Entry] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.add(faults)

    def add(self, faults: Iterable[Fault]) -> list[str]:
        """Set faults; gives their ids."""
        with self._lock:
            added = {f"f{next(self._numbers)}": _Entry(fault=fault) for fault in faults}
            self._entries |= added
        return list(added)

    def describe(self) -> list[dict[str, Any]]:
        """Every fault as it was asked for, with how many calls it saw and hit."""
        with self._lock:
            return [
                {"id": fault_id, **asdict(entry.fault), "seen": entry.seen, "hits": entry.hits}
                for fault_id, entry in self._entries.items()
            ]

    def remove(self, fault_id: str) -> bool:
        """Forget one fault; False if there is none with this id."""
        with self._lock:
            return self._entries.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._entries.clear()

    def take_call(self, operation: str, path: str) -> Hit | None:
        """Count a call and give the fault that hits it."""
        return self._take(partial(matches_call, operation=operation, path=path))

    def take_launch(self) -> Hit | None:
        """Count the launch of a cluster and give the fault that hits it."""
        return self._take(matches_launch)

    def _take(self, matches: Callable[[Fault], bool]) -> Hit | None:
        taken: Hit | None = None
        with self._lock:
            for fault_id, entry in self._entries.items():
                if not matches(entry.fault):
                    continue
                entry.seen += 1
                if taken is None and is_due(entry.fault, seen=entry.seen, hits=entry.hits):
                    entry.hits += 1
                    taken = Hit(fault_id=fault_id, fault=entry.fault)
        return taken
