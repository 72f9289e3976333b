"""emr_local's fault injection as tests use it."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Faults:
    """emr_local's control endpoint."""

    url: str

    def add(self, effect: str, operation: str | None = None, **more: Any) -> None:
        """Inject one fault; see docs/reference/emr_local.md."""
        fault = {"effect": effect, **({"operation": operation} if operation else {}), **more}
        self._send("POST", "faults", fault)

    def clear(self) -> None:
        """No faults, and calls counted from here."""
        self._send("DELETE", "faults")
        self._send("DELETE", "calls")

    def hits(self) -> int:
        """How many calls a fault was injected into."""
        return sum(call["fault"] is not None for call in self.calls())

    def struck(self) -> int:
        """How many calls the faults that are set have hit so far, also those that still wait for their answer."""
        return sum(fault["hits"] for fault in self._send("GET", "faults")["faults"])

    def calls(self) -> list[dict[str, Any]]:
        """The EMR calls since `clear`, in their order."""
        return self._send("GET", "calls")["calls"]

    def counts(self) -> Counter[str]:
        """The EMR calls since `clear`, by operation."""
        return Counter(self._send("GET", "calls")["counts"])

    def change_pace(self, scale: float) -> None:
        """Another factor on the delays of clusters; those on their way notice at once."""
        self._send("POST", "time", {"scale": scale})

    def lose(self, cluster_id: str, kind: str) -> None:
        """Something happens to a live cluster: spot, instance, primary, idle."""
        self._send("POST", f"clusters/{cluster_id}/loss", {"kind": kind})

    def interrupt(self, cluster_id: str, step_id: str) -> None:
        """A running step becomes INTERRUPTED; the cluster stays."""
        self._send("POST", f"steps/{cluster_id}/{step_id}/interrupt", {})

    def _send(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emr_local/{path}", method=method, data=data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read()
        return json.loads(text) if text else None
