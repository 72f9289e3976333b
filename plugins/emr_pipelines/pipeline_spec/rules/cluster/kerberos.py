"""Rules about Kerberos: attributes and security configuration go together, and passwords are references. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.security import KerberosProviderSpec, SecurityConfigurationSpec
from emr_pipelines.pipeline_spec.notation.secret_references import parse_secret_reference
from emr_pipelines.pipeline_spec.reading.document import Path, value_at
from emr_pipelines.pipeline_spec.rules.cluster.security_configuration import inline_configuration

_CONFIGURATION: Path = ("cluster", "security_configuration")
_KERBEROS: Path = ("cluster", "kerberos")
_PROVIDER: Path = (*_CONFIGURATION, "kerberos")
_SECRETS = ("kdc_admin_secret", "cross_realm_secret", "ad_join_secret")


def check_together(context: Context) -> Iterator[RuleViolation]:
    """EMR takes Kerberos attributes and a security configuration with Kerberos together, or neither."""
    inline, attributes = inline_configuration(context), context.spec.cluster.kerberos
    if attributes is not None and context.is_absent(_CONFIGURATION):
        fix = "Add security_configuration: {kerberos: {ticket_lifetime_hours: 24}}, or the name of one with Kerberos."
        yield RuleViolation(path=_KERBEROS, message="kerberos without a security_configuration", fix=fix, at_key=True)
    if inline is None or context.is_broken(_CONFIGURATION):
        return
    if attributes is not None and not _has_kerberos(inline):
        message = "kerberos, but the security_configuration has no kerberos"
        fix = "Add kerberos: {ticket_lifetime_hours: 24} to the security_configuration."
        yield RuleViolation(path=_KERBEROS, message=message, fix=fix, at_key=True)
    if _has_kerberos(inline) and context.is_absent(_KERBEROS):
        message = "a security configuration with Kerberos, but the cluster has no kerberos"
        fix = "Add kerberos: {realm: EC2.INTERNAL, kdc_admin_secret: secretsmanager:NAME} to the cluster."
        yield RuleViolation(path=_CONFIGURATION, message=message, fix=fix, at_key=True)


def check_secrets(context: Context) -> Iterator[RuleViolation]:
    """A password is a reference; what was written in its place is not repeated here."""
    kerberos = context.spec.cluster.kerberos
    for key in _SECRETS:
        text = getattr(kerberos, key, None)
        if text is not None and parse_secret_reference(context.resolve(text)) is None:
            message = "not a reference to a secret; a password does not belong in a spec"
            fix = "Write secretsmanager:NAME, secretsmanager:NAME#KEY (of a secret that is a JSON map) or ssm:NAME. A password that stood here is to be changed."
            yield RuleViolation(path=(*_KERBEROS, key), message=message, fix=fix)


def check_realms(context: Context) -> Iterator[RuleViolation]:
    """A trust in another realm has its password, and a user of a directory too."""
    kerberos, inline = context.spec.cluster.kerberos, inline_configuration(context)
    if kerberos is not None:
        for key, other in (("ad_join_user", "ad_join_secret"), ("ad_join_secret", "ad_join_user")):
            if getattr(kerberos, key) and context.is_absent((*_KERBEROS, other)):
                message = f"{key} without {other}"
                yield RuleViolation(path=(*_KERBEROS, key), message=message, fix=f"Add {other}.", at_key=True)
    if inline is not None and inline.kerberos is not None:
        yield from _check_provider(context, inline.kerberos)


def _check_provider(context: Context, provider: KerberosProviderSpec) -> Iterator[RuleViolation]:
    if provider.cross_realm_trust is None:
        return
    path = (*_PROVIDER, "cross_realm_trust")
    if provider.external is not None:
        message = "cross_realm_trust, which is for EMR's own KDC, beside an external one"
        fix = "Remove one of them; an external KDC names a directory by ad_realm and ad_domain."
        yield RuleViolation(path=path, message=message, fix=fix, at_key=True)
    elif context.spec.cluster.kerberos is not None and context.is_absent((*_KERBEROS, "cross_realm_secret")):
        message = "a cross_realm_trust, but kerberos has no cross_realm_secret"
        yield RuleViolation(path=path, message=message, fix="Add cross_realm_secret to kerberos.", at_key=True)


def _has_kerberos(configuration: SecurityConfigurationSpec) -> bool:
    return (
        configuration.kerberos is not None
        or value_at(configuration.overrides or {}, ("AuthenticationConfiguration", "KerberosConfiguration")) is not None
    )
