"""What was allowed and what was denied, for tests and for people who tighten a policy. Bounded, in memory only; decides nothing."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from emr_local.iam.policies import Access, Verdict

_MOST = 100_000


class AuthorizationLog:
    """The last decisions."""

    def __init__(self) -> None:
        self._decisions: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def record(self, access: Access, verdict: Verdict) -> None:
        """Remember a decision."""
        entry = {
            "action": access.action,
            "resource": access.resource,
            "context": {key: list(values) for key, values in access.context.items()},
            "allowed": verdict.allowed,
            "sid": verdict.sid,
        }
        with self._lock:
            self._decisions.append(entry)

    def describe(self) -> dict[str, Any]:
        """The decisions, oldest first."""
        with self._lock:
            return {"authorizations": list(self._decisions)}

    def clear(self) -> None:
        """Forget all decisions."""
        with self._lock:
            self._decisions.clear()
