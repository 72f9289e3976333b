"""A value in a message of EMR leads to the line that a person wrote."""

from __future__ import annotations

import pytest

from emr_pipelines.plan.places import place_of

PLACES = (
    ("emr-7.99.0", "p.yaml:5"),
    ("m5.xlarge", "p.yaml:7"),
    ("m5.xlarge.big", "p.yaml:8"),
    ("m5.xlarge", "p.yaml:9"),
    ("10", "p.yaml:10"),
    ("subnet-0", "e.yaml:3"),
    ("EMR_Role", "e.yaml:4"),
    ("s3://logs/a", "e.yaml:5"),
)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("The supplied release label is invalid: emr-7.99.0.", "p.yaml:5"),
        ("Value 'm5.xlarge' is not supported", "p.yaml:7"),
        ("InstanceType m5.xlarge.big, which is no m5.xlarge", "p.yaml:8"),
        ("m5.xlarge2 and x-m5.xlarge are others", "p.yaml:3"),
        ("m5.xlarge.other is one more", "p.yaml:3"),
        ("at most 10 of these", "p.yaml:3"),
        ("The subnet(subnet-0) and (EMR_Role2)", "e.yaml:3"),
        ("arn:aws:iam::123456789012:role/EMR_Role is not authorized", "e.yaml:4"),
        ("s3://logs/a/ is not there", "e.yaml:5"),
        ("s3://logs/abc is not there", "p.yaml:3"),
        ("", "p.yaml:3"),
    ],
)
def test_the_longest_value_that_stands_by_itself_is_meant(message: str, place: str) -> None:
    assert place_of(message, PLACES, "p.yaml:3") == place


def test_a_value_is_no_pattern() -> None:
    assert place_of("a.c(", (("a.c(", "p.yaml:1"),), "p.yaml:3") == "p.yaml:1"
    assert place_of("abc", (("a.c", "p.yaml:1"),), "p.yaml:3") == "p.yaml:3"
