"""Before a cluster is created its security configuration exists and its passwords are read; neither happens for one that is adopted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emr_pipelines.emr.cluster_replacement import ClusterLoss, ClusterSource
from emr_pipelines.emr.cluster_secrets import SecretStores, with_secrets
from emr_pipelines.emr.clusters import adopt_or_create, describe, live_clusters, terminate_clusters
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.security_configurations import ensure_security_configuration
from emr_pipelines.plan.model import SecurityConfigurationPlan
from emr_pipelines.plan.requests.security import name_security_configuration
from tests.emr.conftest import cluster_request

BODY = {"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 2}}
KERBEROS = {"Realm": "EC2.INTERNAL", "KdcAdminPassword": "secretsmanager:kerberos#admin"}


@pytest.fixture
def wanted() -> SecurityConfigurationPlan:
    """A security configuration that no other test has."""
    return name_security_configuration(BODY | {"Test": uuid.uuid4().hex})


@pytest.fixture
def stores(client_for: Callable[..., Any]) -> SecretStores:
    return SecretStores(secrets_manager=lambda: client_for("secretsmanager"), parameters=lambda: client_for("ssm"))


@pytest.fixture(scope="module", autouse=True)
def secrets(client_for: Callable[..., Any]) -> None:
    manager, parameters = client_for("secretsmanager"), client_for("ssm")
    manager.create_secret(Name="kerberos", SecretString=json.dumps({"admin": "long password", "port": 88}))
    manager.create_secret(Name="plain", SecretString="short password")
    parameters.put_parameter(Name="/kerberos/trust", Value="trusted password", Type="SecureString")


def preparation(stores: SecretStores, configuration: SecurityConfigurationPlan | None = None) -> LaunchPreparation:
    return LaunchPreparation(security_configuration=configuration, secrets=stores)


def content_of(api: EmrApi, name: str) -> Any:
    return json.loads(api.read.describe_security_configuration(Name=name)["SecurityConfiguration"])


def names(api: EmrApi) -> list[str]:
    pages = api.read.get_paginator("list_security_configurations").paginate()
    return [one["Name"] for page in pages for one in page["SecurityConfigurations"]]


class Blind:
    """A read client that sees nothing the first time, as when another run creates it in between."""

    def __init__(self, real: Any) -> None:
        self._real, self._looks = real, 0

    def describe_security_configuration(self, **request: Any) -> Any:
        self._looks += 1
        return self._real.describe_security_configuration(Name="no-such-name" if self._looks == 1 else request["Name"])


class Recording:
    """A write client that keeps what it sends."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.requests: list[dict[str, Any]] = []

    def create_security_configuration(self, **request: Any) -> Any:
        return self._real.create_security_configuration(**request)

    def run_job_flow(self, **request: Any) -> Any:
        self.requests.append(request)
        return self._real.run_job_flow(**request)


def test_a_security_configuration_is_created_once(api: EmrApi, wanted: SecurityConfigurationPlan) -> None:
    ensure_security_configuration(api, wanted)
    ensure_security_configuration(api, wanted)
    assert content_of(api, wanted.name) == wanted.configuration
    assert names(api).count(wanted.name) == 1


def test_two_runs_may_create_the_same_one_at_once(api: EmrApi, wanted: SecurityConfigurationPlan) -> None:
    ensure_security_configuration(api, wanted)
    ensure_security_configuration(EmrApi(read=Blind(api.read), write=api.write), wanted)
    assert content_of(api, wanted.name) == wanted.configuration


def test_another_content_under_the_name_is_refused(api: EmrApi, wanted: SecurityConfigurationPlan) -> None:
    weaker = {**wanted.configuration, "InstanceMetadataServiceConfiguration": {}}
    api.write.create_security_configuration(Name=wanted.name, SecurityConfiguration=json.dumps(weaker))
    with pytest.raises(RunError, match=f"{wanted.name} is not what its name says") as caught:
        ensure_security_configuration(api, wanted)
    assert not caught.value.retryable


def test_more_than_was_asked_for_is_fine(api: EmrApi, wanted: SecurityConfigurationPlan) -> None:
    more = {**wanted.configuration, "DefaultOfEmr": True}
    api.write.create_security_configuration(Name=wanted.name, SecurityConfiguration=json.dumps(more))
    ensure_security_configuration(api, wanted)


def test_a_new_cluster_has_its_security_configuration(
    api: EmrApi, stores: SecretStores, wanted: SecurityConfigurationPlan
) -> None:
    request = cluster_request(SecurityConfiguration=wanted.name)
    cluster = adopt_or_create(api, request, preparation(stores, wanted))
    assert describe(api, cluster)["SecurityConfiguration"] == wanted.name
    assert content_of(api, wanted.name) == wanted.configuration
    terminate_clusters(api, [cluster])


def test_nothing_is_created_for_a_cluster_that_is_adopted(
    api: EmrApi, stores: SecretStores, wanted: SecurityConfigurationPlan
) -> None:
    request = cluster_request()
    cluster = adopt_or_create(api, request)
    assert adopt_or_create(api, request, preparation(stores, wanted)) == cluster
    assert wanted.name not in names(api)
    terminate_clusters(api, [cluster])


def test_the_cluster_in_place_of_a_lost_one_is_prepared_too(
    api: EmrApi, stores: SecretStores, wanted: SecurityConfigurationPlan
) -> None:
    request = cluster_request(SecurityConfiguration=wanted.name)
    source = ClusterSource(
        request=lambda: request,
        replaceable=True,
        start_timeout_seconds=60,
        preparation=preparation(stores, wanted),
    )
    cluster = source.replace(api, "j-LOST", ClusterLoss(reason="INTERNAL_ERROR", infrastructure=True))
    assert live_clusters(api, request) == [cluster]
    assert wanted.name in names(api)
    terminate_clusters(api, [cluster])


def test_passwords_take_the_place_of_their_references(api: EmrApi, stores: SecretStores) -> None:
    request = cluster_request(
        KerberosAttributes={
            **KERBEROS,
            "CrossRealmTrustPrincipalPassword": "ssm:/kerberos/trust",
            "ADDomainJoinUser": "join",
            "ADDomainJoinPassword": "secretsmanager:plain",
        }
    )
    body = preparation(stores).prepare(api, request)
    assert body["KerberosAttributes"] == {
        "Realm": "EC2.INTERNAL",
        "KdcAdminPassword": "long password",
        "CrossRealmTrustPrincipalPassword": "trusted password",
        "ADDomainJoinUser": "join",
        "ADDomainJoinPassword": "short password",
    }
    assert request["KerberosAttributes"]["KdcAdminPassword"] == KERBEROS["KdcAdminPassword"]


def test_emr_gets_the_password_and_not_its_reference(api: EmrApi, stores: SecretStores) -> None:
    recording = Recording(api.write)
    provider = {"Provider": "ClusterDedicatedKdc", "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24}}
    wanted = name_security_configuration({"AuthenticationConfiguration": {"KerberosConfiguration": provider}})
    request = cluster_request(KerberosAttributes=KERBEROS, SecurityConfiguration=wanted.name)
    cluster = adopt_or_create(EmrApi(read=api.read, write=recording), request, preparation(stores, wanted))
    assert [one["KerberosAttributes"]["KdcAdminPassword"] for one in recording.requests] == ["long password"]
    terminate_clusters(api, [cluster])


def test_no_client_is_made_without_a_reference() -> None:
    def refuse() -> Any:
        raise AssertionError("a client was made")

    stores = SecretStores(secrets_manager=refuse, parameters=refuse)
    request = cluster_request()
    assert with_secrets(request, stores) == request


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("secretsmanager:missing", "secretsmanager:missing cannot be read: ResourceNotFoundException"),
        ("ssm:/missing", "ssm:/missing cannot be read: ParameterNotFound"),
        ("secretsmanager:kerberos#nobody", "secretsmanager:kerberos is no JSON map with a text under the key 'nobody'"),
        ("secretsmanager:kerberos#port", "secretsmanager:kerberos is no JSON map with a text under the key 'port'"),
        ("secretsmanager:plain#admin", "secretsmanager:plain is no JSON map with a text under the key 'admin'"),
    ],
)
def test_a_secret_that_cannot_be_read_stops_the_launch_and_is_not_shown(
    api: EmrApi, stores: SecretStores, reference: str, words: str
) -> None:
    request = cluster_request(KerberosAttributes={**KERBEROS, "KdcAdminPassword": reference})
    with pytest.raises(RunError, match=words) as caught:
        adopt_or_create(api, request, preparation(stores))
    assert not caught.value.retryable
    assert "password" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"
    assert live_clusters(api, request) == []
