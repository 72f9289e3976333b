"""All that the server knows, in memory and in the journal, under one lock. Knows no operation of the API and no clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emr_local.clusters.journal import DirectoryLock, Entry, Journal
from emr_local.host.explained_errors import StartupError
from emr_local.resources.records import (
    ENDED_CLUSTER_STATES,
    JobFlow,
    Json,
    SecurityConfiguration,
    StepRecord,
    cluster_from_json,
    record_to_json,
    step_from_json,
)

_DEFAULT_PUBLIC_ACCESS: Json = {
    "BlockPublicSecurityGroupRules": True,
    "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
}


class Store:
    """Job flows, security configurations and the block-public-access setting. Hold `changed` for every use; saving notifies it.

    What cannot be written raises OSError and did not happen: the journal comes before memory.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.changed = threading.Condition(threading.RLock())
        self._flows: dict[str, JobFlow] = {}
        self._live: set[str] = set()
        self._security_configurations: dict[str, SecurityConfiguration] = {}
        self._public_access: Json = {"configuration": _DEFAULT_PUBLIC_ACCESS, "created_at": 0.0}
        self._lock = DirectoryLock(directory)
        self._journal = Journal(directory / "journal.jsonl")
        try:
            self._replay(self._journal.read())
            self._journal.rewrite(self._all_entries())
        except BaseException:
            self._lock.release()
            raise

    def find_flow(self, cluster_id: str) -> JobFlow | None:
        """The cluster with this id and its steps."""
        return self._flows.get(cluster_id)

    def list_flows(self) -> list[JobFlow]:
        """All clusters, oldest first."""
        return list(self._flows.values())

    def list_live_flows(self) -> list[JobFlow]:
        """The clusters that have not ended, oldest first."""
        return [self._flows[cluster_id] for cluster_id in self._flows if cluster_id in self._live]

    def save_flow(self, flow: JobFlow) -> None:
        """Remember the flow as it is now and wake those who wait for a change."""
        self.save_flows([flow])

    def save_flows(self, flows: Sequence[JobFlow]) -> None:
        """Remember several flows as they are now, all or none."""
        changes = ((self._flows.get(flow.cluster.cluster_id), flow) for flow in flows)
        entries = [entry for before, flow in changes if flow != before for entry in _changed_entries(before, flow)]
        if not entries:
            return
        self._journal.append(entries)
        for flow in flows:
            self._keep(flow)
        self.changed.notify_all()

    def find_security_configuration(self, name: str) -> SecurityConfiguration | None:
        """The security configuration of this name."""
        return self._security_configurations.get(name)

    def list_security_configurations(self) -> list[SecurityConfiguration]:
        """All security configurations, oldest first."""
        return list(self._security_configurations.values())

    def save_security_configuration(self, configuration: SecurityConfiguration) -> None:
        """Remember a security configuration."""
        self._journal.append([_entry("security_configuration", record_to_json(configuration))])
        self._security_configurations[configuration.name] = configuration

    def delete_security_configuration(self, name: str) -> None:
        """Forget a security configuration."""
        self._journal.append([_entry("security_configuration_deleted", {"name": name})])
        del self._security_configurations[name]

    @property
    def public_access(self) -> Json:
        """The block-public-access `configuration` and when it was made (`created_at`)."""
        return self._public_access

    def save_public_access(self, configuration: Json, now: float) -> None:
        """Remember the block-public-access setting."""
        setting = {"configuration": configuration, "created_at": now}
        self._journal.append([_entry("public_access", setting)])
        self._public_access = setting

    def close(self) -> None:
        """Close the journal and let another server have the directory."""
        with self.changed:
            self._journal.close()
            self._lock.release()

    def _keep(self, flow: JobFlow) -> None:
        cluster_id = flow.cluster.cluster_id
        self._flows[cluster_id] = flow
        if flow.cluster.state in ENDED_CLUSTER_STATES:
            self._live.discard(cluster_id)
        else:
            self._live.add(cluster_id)

    def _replay(self, entries: list[Entry]) -> None:
        clusters = {}
        steps: dict[str, dict[str, StepRecord]] = {}
        for entry in entries:
            try:
                match entry["kind"], entry["record"]:
                    case "cluster", record:
                        cluster = cluster_from_json(record)
                        clusters[cluster.cluster_id] = cluster
                    case "step", record:
                        step = step_from_json(record)
                        steps.setdefault(step.cluster_id, {})[step.step_id] = step
                    case kind, record:
                        self._replay_setting(kind, record)
            except (KeyError, TypeError, ValueError) as error:
                raise StartupError(
                    f"The journal holds a record that this version cannot read: {error}.",
                    "Start with an empty --state-dir.",
                ) from error
        for cluster in clusters.values():
            self._keep(JobFlow(cluster=cluster, steps=tuple(steps.get(cluster.cluster_id, {}).values())))

    def _replay_setting(self, kind: str, record: Any) -> None:
        match kind:
            case "security_configuration":
                configuration = SecurityConfiguration(**record)
                self._security_configurations[configuration.name] = configuration
            case "security_configuration_deleted":
                self._security_configurations.pop(record["name"], None)
            case "public_access":
                self._public_access = record
            case _:
                raise ValueError(f"unknown kind '{kind}'")

    def _all_entries(self) -> Iterator[Entry]:
        for flow in self._flows.values():
            yield from _changed_entries(None, flow)
        for configuration in self._security_configurations.values():
            yield _entry("security_configuration", record_to_json(configuration))
        yield _entry("public_access", self._public_access)


def _changed_entries(before: JobFlow | None, after: JobFlow) -> list[Entry]:
    old_steps = {step.step_id: step for step in before.steps} if before else {}
    steps = [step for step in after.steps if step != old_steps.get(step.step_id)]
    entries = [_entry("step", record_to_json(step)) for step in steps]
    if before is None or before.cluster != after.cluster:
        # The cluster goes first: a kill between two lines then leaves a cluster without a step, never a step without a cluster.
        entries.insert(0, _entry("cluster", record_to_json(after.cluster)))
    return entries


def _entry(kind: str, record: Json) -> Entry:
    return {"kind": kind, "record": record}
