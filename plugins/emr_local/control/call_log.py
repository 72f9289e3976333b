"""Which EMR operations were called, for tests and benchmarks that count. Bounded, in memory only; knows no faults' meaning."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

_MOST = 100_000
_CLUSTER_KEYS = ("ClusterId", "JobFlowId", "JobFlowIds", "ResourceId")
_STEP_KEYS = ("StepId", "StepIds")


class CallLog:
    """The last calls, and how many there were of each operation since `clear`."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def record(
        self, *, time: float, operation: str, fault_id: str | None, bodies: tuple[bytes, bytes], answer: bytes
    ) -> None:
        """Remember a call. `bodies` are the request and the service's own reply, `answer` is what the client got; each may be empty."""
        known = [_read_object(body) for body in bodies]
        entry = {
            "time": time,
            "operation": operation,
            "fault": fault_id,
            "error": _read_object(answer).get("__type"),
            "cluster": _find_first(_CLUSTER_KEYS, known),
            "step": _find_first(_STEP_KEYS, known),
        }
        with self._lock:
            self._calls.append(entry)
            self._counts[operation] += 1

    def describe(self) -> dict[str, Any]:
        """The calls, oldest first, and their counts by operation."""
        with self._lock:
            return {"calls": list(self._calls), "counts": dict(self._counts)}

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()


def _read_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}  # the EMR application refuses it; here it only has no ids
    return value if isinstance(value, dict) else {}


def _find_first(keys: tuple[str, ...], bodies: Iterable[Mapping[str, Any]]) -> str | None:
    for body in bodies:
        for key in keys:
            value = body.get(key)
            found = next(iter(value), None) if isinstance(value, list) else value
            if isinstance(found, str):
                return found
    return None
