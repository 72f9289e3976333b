"""A security configuration written in a spec as EMR's own JSON under a name made of its content, and a cluster's Kerberos attributes. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from emr_pipelines.pipeline_spec.models.security import (
    AtRestSpec,
    ExternalKdcSpec,
    ImdsV2Spec,
    InTransitSpec,
    KerberosProviderSpec,
    KerberosSpec,
    RuntimeRolesSpec,
    SecurityConfigurationSpec,
)
from emr_pipelines.plan.model import SecurityConfigurationPlan
from emr_pipelines.plan.requests.parts import given, lay_over

_NAME_PREFIX = "emr-pipelines-"
_NAME_DIGITS = 12


def name_security_configuration(configuration: dict[str, Any]) -> SecurityConfigurationPlan:
    """The configuration under its name: the same content has the same name everywhere, and other content another one."""
    unnamed = SecurityConfigurationPlan(name="", configuration=configuration)
    digest = hashlib.sha256(unnamed.text.encode()).hexdigest()[:_NAME_DIGITS]
    return SecurityConfigurationPlan(name=f"{_NAME_PREFIX}{digest}", configuration=configuration)


def security_configuration_body(spec: SecurityConfigurationSpec) -> dict[str, Any]:
    """The JSON that CreateSecurityConfiguration takes as a text."""
    body = {
        "EncryptionConfiguration": _encryption(spec.at_rest, spec.in_transit),
        "InstanceMetadataServiceConfiguration": _metadata_service(spec.imds_v2),
        "AuthenticationConfiguration": given({"KerberosConfiguration": spec.kerberos and _kerberos(spec.kerberos)}),
        "AuthorizationConfiguration": _authorization(spec.runtime_roles),
    }
    return dict(lay_over(given(body), spec.overrides or {}))


def kerberos_attributes(kerberos: KerberosSpec) -> dict[str, Any]:
    """The KerberosAttributes; in place of each password stands the reference by which it is read when a cluster is created."""
    return given(
        {
            "Realm": kerberos.realm,
            "KdcAdminPassword": kerberos.kdc_admin_secret,
            "CrossRealmTrustPrincipalPassword": kerberos.cross_realm_secret,
            "ADDomainJoinUser": kerberos.ad_join_user,
            "ADDomainJoinPassword": kerberos.ad_join_secret,
        }
    )


def _encryption(at_rest: AtRestSpec | None, in_transit: InTransitSpec | None) -> dict[str, Any] | None:
    if at_rest is None and in_transit is None:
        return None
    return {
        "EnableAtRestEncryption": at_rest is not None,
        "EnableInTransitEncryption": in_transit is not None,
        **given({"AtRestEncryptionConfiguration": at_rest and _at_rest(at_rest)}),
        **given({"InTransitEncryptionConfiguration": in_transit and _in_transit(in_transit)}),
    }


def _at_rest(spec: AtRestSpec) -> dict[str, Any]:
    local_disks = {
        "EncryptionKeyProviderType": "AwsKms",
        "AwsKmsKey": spec.local_disk_kms_key,
        "EnableEbsEncryption": spec.ebs or None,
    }
    return given(
        {
            "S3EncryptionConfiguration": given({"EncryptionMode": spec.s3, "AwsKmsKey": spec.kms_key}),
            "LocalDiskEncryptionConfiguration": given(local_disks) if spec.local_disk_kms_key else None,
        }
    )


def _in_transit(spec: InTransitSpec) -> dict[str, Any]:
    certificates = {
        "CertificateProviderType": "Custom" if spec.provider_class else "PEM",
        "S3Object": spec.certificates,
        "CertificateProviderClass": spec.provider_class,
    }
    return {"TLSCertificateConfiguration": given(certificates)}


def _metadata_service(spec: bool | ImdsV2Spec) -> dict[str, Any] | None:
    if spec is False:
        return None
    chosen = ImdsV2Spec() if spec is True else spec
    return {"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": chosen.hop_limit}


def _authorization(spec: bool | RuntimeRolesSpec) -> dict[str, Any] | None:
    if spec is False:
        return None
    chosen = RuntimeRolesSpec() if spec is True else spec
    roles: dict[str, Any] = {"EnableApplicationScopedIAMRole": True}
    if chosen.propagate_source_identity:
        roles["ApplicationScopedIAMRoleConfiguration"] = {"PropagateSourceIdentity": True}
    lake_formation = given({"AuthorizedSessionTagValue": chosen.lake_formation_tag})
    return given({"IAMConfiguration": roles, "LakeFormationConfiguration": lake_formation})


def _kerberos(spec: KerberosProviderSpec) -> dict[str, Any]:
    lifetime = {"TicketLifetimeInHours": spec.ticket_lifetime_hours}
    if spec.external is not None:
        return {"Provider": "ExternalKdc", "ExternalKdcConfiguration": lifetime | _external(spec.external)}
    trust = spec.cross_realm_trust
    realm = trust and {
        "Realm": trust.realm,
        "Domain": trust.domain,
        "AdminServer": trust.admin_server,
        "KdcServer": trust.kdc_server,
    }
    dedicated = lifetime | given({"CrossRealmTrustConfiguration": realm})
    return {"Provider": "ClusterDedicatedKdc", "ClusterDedicatedKdcConfiguration": dedicated}


def _external(spec: ExternalKdcSpec) -> dict[str, Any]:
    directory = given({"AdRealm": spec.ad_realm, "AdDomain": spec.ad_domain, "AdServer": spec.ad_server})
    return {
        "KdcServerType": "Single",
        "AdminServer": spec.admin_server,
        "KdcServer": spec.kdc_server,
        **given({"AdIntegrationConfiguration": directory}),
    }
