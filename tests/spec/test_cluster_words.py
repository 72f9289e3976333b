"""Release labels that can be compared, and references to secrets."""

from __future__ import annotations

import pytest

from emr_pipelines.pipeline_spec.notation.release_labels import is_since, release_number
from emr_pipelines.pipeline_spec.notation.secret_references import SecretReference, parse_secret_reference


@pytest.mark.parametrize(
    ("label", "since"),
    [
        ("emr-5.29.0", False),
        ("emr-5.30.0", True),
        ("emr-5.36.2", True),
        ("emr-6.0.0", False),
        ("emr-6.1.0", True),
        ("emr-6.15.0", True),
        ("emr-7.0.0", True),
        ("emr-spark-8.1.0", True),
    ],
)
def test_a_feature_came_with_one_release_of_each_line(label: str, since: bool) -> None:
    assert is_since(label, ((5, 30), (6, 1))) is since


def test_a_line_that_never_had_a_feature() -> None:
    assert not is_since("emr-5.36.2", ((6, 15),))
    assert release_number("emr-spark-8.1.0") == (8, 1)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("ssm:/emr/kerberos", SecretReference(service="ssm", name="/emr/kerberos")),
        ("secretsmanager:emr/kdc", SecretReference(service="secretsmanager", name="emr/kdc")),
        ("secretsmanager:emr/kdc#admin", SecretReference(service="secretsmanager", name="emr/kdc", key="admin")),
        (
            "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:kdc-AbCdEf#admin",
            SecretReference(
                service="secretsmanager",
                name="arn:aws:secretsmanager:us-east-1:123456789012:secret:kdc-AbCdEf",
                key="admin",
            ),
        ),
        ("ssm:/emr/kerberos#key", None),
        ("hunter2", None),
        ("vault:secret", None),
        ("secretsmanager:", None),
        ("secretsmanager:two words", None),
        ("secretsmanager:name#", None),
        (" ssm:/emr", None),
    ],
)
def test_a_reference_says_where_a_secret_is(text: str, reference: SecretReference | None) -> None:
    assert parse_secret_reference(text) == reference
