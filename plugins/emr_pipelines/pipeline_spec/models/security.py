"""The models of a security configuration written in a spec, and of a cluster's Kerberos attributes. Shape and types only."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import EmrName, Model, Text
from emr_pipelines.pipeline_spec.notation import forms


class AtRestSpec(Model):
    """Encryption of what is written: objects on S3, local disks, EBS volumes."""

    s3: Literal["SSE-S3", "SSE-KMS", "CSE-KMS"] | None = Field(
        default=None, description="How objects on S3 are encrypted."
    )
    kms_key: str | None = Field(
        default=None, pattern=forms.KMS_KEY, description="Key of the objects on S3, for SSE-KMS and CSE-KMS."
    )
    local_disk_kms_key: str | None = Field(
        default=None, pattern=forms.KMS_KEY, description="Key of the local disks; without it they are not encrypted."
    )
    ebs: bool = Field(
        default=False, description="Encrypt EBS volumes, the root volume among them, with the same key as local disks."
    )


class InTransitSpec(Model):
    """Encryption of what goes from node to node."""

    certificates: str = Field(
        pattern=forms.S3_OBJECT,
        description="A zip on S3 with privateKey.pem and certificateChain.pem, or the jar of a provider_class.",
    )
    provider_class: Text | None = Field(
        default=None, description="Class in the jar that gives the certificates (TLSArtifactsProvider)."
    )


class ImdsV2Spec(Model):
    """The instance metadata service takes requests with a session token only."""

    hop_limit: int = Field(default=1, ge=1, le=64, description="Network hops that an answer may take.")


class RuntimeRolesSpec(Model):
    """Steps may have roles of their own (`execution_role`)."""

    propagate_source_identity: bool = Field(
        default=False, description="Show in CloudTrail who submitted the step; the roles' trust policies must allow it."
    )
    lake_formation_tag: Text | None = Field(
        default=None, description="Value of the session tag by which Lake Formation knows EMR."
    )


class CrossRealmTrustSpec(Model):
    """Another Kerberos realm that the cluster's own trusts."""

    realm: Text = Field(description="The other realm, for example AD.EXAMPLE.COM.")
    domain: Text = Field(description="Its domain name.")
    admin_server: Text = Field(description="Its admin server, host or host:port.")
    kdc_server: Text = Field(description="Its key distribution center, host or host:port.")


class ExternalKdcSpec(Model):
    """A key distribution center outside the cluster."""

    admin_server: Text = Field(description="Its admin server, host or host:port.")
    kdc_server: Text = Field(description="Its key distribution center, host or host:port.")
    ad_realm: Text | None = Field(default=None, description="Realm of an Active Directory that it trusts.")
    ad_domain: Text | None = Field(default=None, description="Domain of that Active Directory.")
    ad_server: Text | None = Field(default=None, description="Server of that Active Directory.")


class KerberosProviderSpec(Model):
    """Who authenticates users and nodes: a KDC on the primary node, or an external one."""

    ticket_lifetime_hours: int = Field(default=24, ge=1, description="How long a ticket is valid.")
    cross_realm_trust: CrossRealmTrustSpec | None = Field(
        default=None, description="A realm that the cluster's own KDC trusts."
    )
    external: ExternalKdcSpec | None = Field(default=None, description="Use this KDC; without it EMR makes one.")


class SecurityConfigurationSpec(Model):
    """An EMR security configuration. It gets a name made of its content and is created when it does not exist."""

    at_rest: AtRestSpec | None = Field(default=None, description="Encryption at rest.")
    in_transit: InTransitSpec | None = Field(default=None, description="Encryption in transit.")
    imds_v2: bool | ImdsV2Spec = Field(default=False, description="Require version 2 of the instance metadata service.")
    runtime_roles: bool | RuntimeRolesSpec = Field(default=False, description="Let steps have roles of their own.")
    kerberos: KerberosProviderSpec | None = Field(default=None, description="Authentication by Kerberos.")
    overrides: dict[str, Any] | None = Field(
        default=None, description="Raw keys of EMR's security configuration, deep-merged last."
    )


class KerberosSpec(Model):
    """Kerberos attributes of a cluster. Passwords are references to AWS Secrets Manager or the SSM Parameter Store, read when a cluster is created."""

    realm: EmrName = Field(description="The realm of the cluster, for example EC2.INTERNAL.")
    kdc_admin_secret: Text = Field(
        description="Where the password of the KDC's admin is: secretsmanager:NAME, secretsmanager:NAME#KEY or ssm:NAME."
    )
    cross_realm_secret: Text | None = Field(
        default=None, description="Where the password of the cross-realm principal is."
    )
    ad_join_user: EmrName | None = Field(
        default=None, description="A user that may join machines to the Active Directory domain."
    )
    ad_join_secret: Text | None = Field(default=None, description="Where the password of that user is.")
