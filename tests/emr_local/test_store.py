"""That what the store refuses, since it cannot be written, did not happen: neither now nor after a restart."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from emr_local.clusters.store import Store
from emr_local.operations.parameters.cluster import create_cluster
from emr_local.resources.records import JobFlow, SecurityConfiguration
from tests.emr_local.emr_requests import cluster_request

BLOCKING = {"BlockPublicSecurityGroupRules": False, "PermittedPublicSecurityGroupRuleRanges": []}


@contextmanager
def room_for(file: Path, count: int) -> Iterator[None]:
    """No file of this process may grow past the file's size and this many bytes: a write then ends in its middle, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + count, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


def restart(store: Store) -> Store:
    store.close()
    return Store(store.directory)


def save(store: Store, *flows: JobFlow) -> None:
    with store.changed:
        store.save_flows(flows)


def create_flow() -> JobFlow:
    return JobFlow(cluster=create_cluster(cluster_request(), "us-east-1", 1.0), steps=())


@pytest.mark.parametrize("room", [0, 20], ids=["no room", "room for a part"])
def test_what_could_not_be_written_did_not_happen(store: Store, room: int) -> None:
    kept, refused = create_flow(), create_flow()
    save(store, kept)
    public = store.public_access
    renamed = replace(kept, cluster=replace(kept.cluster, name="another name"))
    with room_for(store.directory / "journal.jsonl", room):
        for change in (
            lambda: save(store, refused),
            lambda: save(store, renamed),
            lambda: store.save_public_access(BLOCKING, 2.0),
            lambda: store.save_security_configuration(SecurityConfiguration(name="refused", text="{}", created_at=2.0)),
        ):
            with pytest.raises(OSError, match="File too large"):
                change()
    for _ in range(2):
        assert store.list_flows() == [kept]
        assert store.public_access == public
        assert store.list_security_configurations() == []
        store = restart(store)
    store.close()


def test_what_is_written_after_there_was_no_room_is_kept(store: Store) -> None:
    first, second = create_flow(), create_flow()
    with room_for(store.directory / "journal.jsonl", 20), pytest.raises(OSError, match="File too large"):
        save(store, first)
    save(store, second)
    store = restart(store)
    assert store.list_flows() == [second]
    store.close()


def test_of_several_clusters_that_change_at_once_all_do_or_none(store: Store) -> None:
    flows = [create_flow(), create_flow()]
    save(store, *flows)
    renamed = [replace(flow, cluster=replace(flow.cluster, name="another name")) for flow in flows]
    line = (store.directory / "journal.jsonl").read_text().splitlines()[-1]
    with room_for(store.directory / "journal.jsonl", len(line) + 20), pytest.raises(OSError, match="File too large"):
        save(store, *renamed)
    for _ in range(2):
        assert store.list_flows() == flows
        store = restart(store)
    store.close()
