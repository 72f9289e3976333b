"""Watches an operation of CloudFormation: tells its events as they come, ends with it, and knows what failed first. A client is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.polling import PollInterval, poll_until

_CONSEQUENCES = ("cancelled", "The following resource(s) failed")
_INTERVAL = PollInterval(minimum=1.0, maximum=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """Something that happened to a resource of a stack."""

    resource: str
    kind: str
    status: str
    reason: str

    @property
    def is_cause(self) -> bool:
        """Whether this failed by itself, not because something else did."""
        return self.status.endswith("_FAILED") and not any(text in self.reason for text in _CONSEQUENCES)


Report = Callable[[StackEvent], None]


class StackWatch:
    """The events of one stack from now on. Made before an operation begins; after it with `new` (all events of the stack belong to it) or `begun`."""

    def __init__(
        self, cloudformation: Any, stack_id: str, report: Report, *, new: bool = False, begun: bool = False
    ) -> None:
        self._client = cloudformation
        self._stack_id = stack_id
        self._report = report
        past = [] if new else list(self._events())
        self._seen = {event["EventId"] for event in past}
        # Until the operation's own first event the stack's status is that of the operation before.
        self._status = next((event["ResourceStatus"] for event in past if begun and self._is_of_stack(event)), "")
        self._first_cause: StackEvent | None = None

    def wait(self) -> str:
        """The status in which the operation ends."""
        return poll_until(self._observe, lambda status: bool(status) and not is_busy(status), _INTERVAL)

    def describe_failure(self, status: str) -> str:
        """Why the operation failed: the first resource that did, with CloudFormation's words."""
        cause = self._first_cause
        if cause is None:
            return f"CloudFormation names no resource; the stack is {status}"
        return f"{cause.resource} ({cause.kind}): {cause.reason or cause.status}"

    def _observe(self) -> str:
        for found in reversed(list(self._new_events())):
            event = StackEvent(
                resource=found.get("LogicalResourceId", ""),
                kind=found.get("ResourceType", ""),
                status=found.get("ResourceStatus", ""),
                reason=found.get("ResourceStatusReason", ""),
            )
            self._first_cause = self._first_cause or (event if event.is_cause else None)
            self._status = event.status if self._is_of_stack(found) else self._status
            self._report(event)
        return self._status

    def _is_of_stack(self, event: Mapping[str, Any]) -> bool:
        return event.get("PhysicalResourceId") == self._stack_id

    def _new_events(self) -> Iterator[Mapping[str, Any]]:
        for event in self._events():
            if event["EventId"] in self._seen:
                return
            self._seen.add(event["EventId"])
            yield event

    def _events(self) -> Iterator[Mapping[str, Any]]:
        """Newest first."""
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack_id):
            yield from page["StackEvents"]


def is_busy(status: str) -> bool:
    """Whether CloudFormation is at work on the stack."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
