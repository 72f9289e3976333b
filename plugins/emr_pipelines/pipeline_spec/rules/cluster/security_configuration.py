"""Rules about security configurations that a spec holds, Kerberos, and runtime roles of steps. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.security import AtRestSpec, InTransitSpec, SecurityConfigurationSpec
from emr_pipelines.pipeline_spec.notation.release_labels import is_since
from emr_pipelines.pipeline_spec.reading.document import Path, value_at
from emr_pipelines.pipeline_spec.rules.cluster.cluster import is_long_running

_CONFIGURATION: Path = ("cluster", "security_configuration")
_FIRST_WITH_RUNTIME_ROLES = ((6, 7),)
_ROLES_IN_JSON = ("AuthorizationConfiguration", "IAMConfiguration", "EnableApplicationScopedIAMRole")


def check_configuration(context: Context) -> Iterator[RuleViolation]:
    """A security configuration holds something, and is the one that the cluster gets."""
    inline = inline_configuration(context)
    if inline is None:
        return
    if not any(inline.model_dump().values()) and not context.is_broken(_CONFIGURATION):
        fix = "Write for example {imds_v2: true}, or the name of one that exists."
        yield RuleViolation(path=_CONFIGURATION, message="a security configuration that holds nothing", fix=fix)
    if "SecurityConfiguration" in (context.spec.cluster.overrides or {}):
        message = "overrides name another security configuration than the one that is written here"
        path: Path = ("cluster", "overrides", "SecurityConfiguration")
        yield RuleViolation(path=path, message=message, fix="Keep one of them.", at_key=True)


def check_encryption(context: Context) -> Iterator[RuleViolation]:
    """Keys and certificates go with what they are for."""
    inline = inline_configuration(context)
    if inline is not None and inline.at_rest is not None:
        yield from _check_s3((*_CONFIGURATION, "at_rest"), inline.at_rest)
        yield from _check_disks((*_CONFIGURATION, "at_rest"), inline.at_rest)
    if inline is not None and inline.in_transit is not None:
        yield from _check_certificates(context, inline.in_transit)


def check_runtime_roles(context: Context) -> Iterator[RuleViolation]:
    """A step's own role needs release 6.7 and a security configuration with runtime roles; one that is only named is taken to have them."""
    if is_long_running(context) or context.is_broken(_CONFIGURATION):
        return
    release, inline = context.spec.cluster.release, inline_configuration(context)
    for path, step in context.steps():
        if step.execution_role is None:
            continue
        inner = (*path, "execution_role")
        if release and not is_since(release, _FIRST_WITH_RUNTIME_ROLES):
            message = f"execution_role came with emr-6.7.0, but the release is {release}"
            yield RuleViolation(path=inner, message=message, fix="Use emr-6.7.0 or newer.", at_key=True)
        elif inline is not None and not has_runtime_roles(inline):
            message = "execution_role, but the security_configuration has no runtime_roles"
            fix = "Add runtime_roles: true to the security_configuration of the cluster."
            yield RuleViolation(path=inner, message=message, fix=fix, at_key=True)
        elif inline is None and _has_none(context):
            message = "execution_role, but the cluster has no security_configuration, without which EMR refuses it"
            fix = "Add security_configuration: {runtime_roles: true} to the cluster, or the name of one that has them."
            yield RuleViolation(path=inner, message=message, fix=fix, at_key=True)


def inline_configuration(context: Context) -> SecurityConfigurationSpec | None:
    """The security configuration that the spec holds itself."""
    configuration = context.spec.cluster.security_configuration
    return configuration if isinstance(configuration, SecurityConfigurationSpec) else None


def has_runtime_roles(configuration: SecurityConfigurationSpec) -> bool:
    """Whether steps may have roles of their own, by its own key or by EMR's."""
    in_json = value_at(configuration.overrides or {}, _ROLES_IN_JSON)
    return bool(configuration.runtime_roles) if in_json is None else in_json is True


def _has_none(context: Context) -> bool:
    named = "SecurityConfiguration" in (context.spec.cluster.overrides or {})
    return context.is_absent(_CONFIGURATION) and not named


def _check_s3(path: Path, at_rest: AtRestSpec) -> Iterator[RuleViolation]:
    with_key = at_rest.s3 in ("SSE-KMS", "CSE-KMS")
    if with_key and at_rest.kms_key is None:
        fix = "Add kms_key with the ARN of the key, or write s3: SSE-S3."
        yield RuleViolation(path=(*path, "s3"), message=f"{at_rest.s3} without a kms_key", fix=fix)
    if at_rest.kms_key is not None and not with_key:
        message = f"a kms_key, but s3 is {at_rest.s3 or 'not given'}, which has none"
        fix = "Write s3: SSE-KMS, or remove kms_key; kms_key: null takes away that of the environment."
        yield RuleViolation(path=(*path, "kms_key"), message=message, fix=fix, at_key=True)


def _check_disks(path: Path, at_rest: AtRestSpec) -> Iterator[RuleViolation]:
    if at_rest.ebs and at_rest.local_disk_kms_key is None:
        message = "ebs without a local_disk_kms_key, which encrypts the EBS volumes too"
        yield RuleViolation(path=(*path, "ebs"), message=message, fix="Add local_disk_kms_key.", at_key=True)
    if at_rest.s3 is None and at_rest.local_disk_kms_key is None and not at_rest.ebs and at_rest.kms_key is None:
        fix = "Add s3: SSE-S3, or local_disk_kms_key."
        yield RuleViolation(path=path, message="at_rest, but nothing is encrypted", fix=fix, at_key=True)


def _check_certificates(context: Context, in_transit: InTransitSpec) -> Iterator[RuleViolation]:
    suffix = ".jar" if in_transit.provider_class else ".zip"
    if not context.resolve(in_transit.certificates).endswith(suffix):
        fix = "Write the address of a .zip, or of a .jar beside provider_class."
        message = f"{in_transit.certificates!r} is no {suffix} file"
        yield RuleViolation(path=(*_CONFIGURATION, "in_transit", "certificates"), message=message, fix=fix)
