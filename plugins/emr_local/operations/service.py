"""The EMR service: finds the operation, runs it under the store's lock, and knows how its clusters stand. No HTTP, no processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from emr_local.clusters.store import Store
from emr_local.operations import (
    cluster,
    describe_job_flows,
    fleet,
    instance,
    release,
    scaling_policies,
    security,
    step,
)
from emr_local.operations.calls import Call, ListConfigurations, Operation, list_none
from emr_local.resources.records import Json
from emr_local.wire.api_errors import invalid_request

OPERATIONS: Mapping[str, Operation] = {
    **cluster.OPERATIONS,
    **step.OPERATIONS,
    **instance.OPERATIONS,
    **fleet.OPERATIONS,
    **scaling_policies.OPERATIONS,
    **release.OPERATIONS,
    **security.OPERATIONS,
    **describe_job_flows.OPERATIONS,
}


class EmrService:
    """Answers requests that were already checked against the service model."""

    def __init__(
        self, store: Store, clock: Callable[[], float], list_stack_configurations: ListConfigurations = list_none
    ) -> None:
        self._store = store
        self._clock = clock
        self._list_stack_configurations = list_stack_configurations

    def handle(self, operation: str, parameters: Json, region: str) -> Json:
        """The answer to one request; raises ApiError for the answers that are errors."""
        run = OPERATIONS.get(operation)
        if run is None:
            raise invalid_request(f"The local EMR server does not emulate {operation}.")
        with self._store.changed:
            return run(
                Call(
                    parameters=parameters,
                    region=region,
                    now=self._clock(),
                    store=self._store,
                    list_stack_configurations=self._list_stack_configurations,
                )
            )

    def count_states(self) -> dict[str, int]:
        """How many clusters there are in each state."""
        with self._store.changed:
            return dict(Counter(flow.cluster.state.value for flow in self._store.list_flows()))
