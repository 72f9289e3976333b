"""One call of the API on its way through the service: what was asked, where and when, and the look-ups that every operation needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emr_local.clusters.states import is_going
from emr_local.clusters.store import Store
from emr_local.resources.records import JobFlow, Json, SecurityConfiguration
from emr_local.wire.api_errors import invalid_cluster_id, invalid_job_flow_id, not_modifiable, validation_failure

ListConfigurations = Callable[[str], Sequence[SecurityConfiguration]]  # those of a region that CloudFormation made


def list_none(region: str) -> Sequence[SecurityConfiguration]:
    """The security configurations of stacks where there is no CloudFormation."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A checked request. The caller holds the store's lock."""

    parameters: Json
    region: str
    now: float
    store: Store
    list_stack_configurations: ListConfigurations

    def list_security_configurations(self) -> list[SecurityConfiguration]:
        """All security configurations of the region: those made by a request, oldest first, then those of stacks."""
        return [*self.store.list_security_configurations(), *self.list_stack_configurations(self.region)]

    def find_security_configuration(self, name: str) -> SecurityConfiguration | None:
        """The security configuration of this name, whoever made it."""
        return next((each for each in self.list_security_configurations() if each.name == name), None)

    def require_security_configuration(self, request: Json) -> SecurityConfiguration | None:
        """The security configuration that a cluster's request names, which must exist; None if it names none."""
        name = request.get("SecurityConfiguration")
        found = self.find_security_configuration(name) if name else None
        if name and found is None:
            raise validation_failure(f"Security configuration with name '{name}' does not exist.")
        return found

    def require_cluster(self) -> JobFlow:
        """The cluster that the request's ClusterId names."""
        cluster_id = self.parameters["ClusterId"]
        flow = self.store.find_flow(cluster_id)
        if flow is None:
            raise invalid_cluster_id(cluster_id)
        return flow

    def require_modifiable_cluster(self) -> JobFlow:
        """The cluster that the request's ClusterId names, which must not be going or gone."""
        flow = self.require_cluster()
        if is_going(flow):
            raise not_modifiable()
        return flow

    def require_job_flow(self, cluster_id: str) -> JobFlow:
        """The cluster with this id, for the older operations, whose error for an unknown one is another."""
        flow = self.store.find_flow(cluster_id)
        if flow is None:
            raise invalid_job_flow_id()
        return flow


Operation = Callable[[Call], Json]
