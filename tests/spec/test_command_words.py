"""The advice to write a command as a list keeps the words that a shell would see, and is YAML that means them."""

from __future__ import annotations

import pytest
import yaml

from emr_pipelines.pipeline_spec.notation.command_words import as_list


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('bash -c "echo hi"', ["bash", "-c", "echo hi"]),
        ("bash -c 'a && b: c, [d]'", ["bash", "-c", "a && b: c, [d]"]),
        ("grep -v error", ["grep", "-v", "error"]),
        ("awk '{print $1}' in.txt", ["awk", "{print $1}", "in.txt"]),
        (
            "sort -k 2 --parallel=4 yes 010 1e3 null ~",
            ["sort", "-k", "2", "--parallel=4", "yes", "010", "1e3", "null", "~"],
        ),
        ('printf ""', ["printf", ""]),
        ("it's", ["it's"]),
        ("aws s3 cp s3://b/k - #x", ["aws", "s3", "cp", "s3://b/k", "-", "#x"]),
    ],
)
def test_the_words_survive(text: str, words: list[str]) -> None:
    assert yaml.safe_load(as_list(text)) == words


def test_what_needs_no_quotes_has_none() -> None:
    assert as_list('bash -c "echo hi"') == '[bash, -c, "echo hi"]'
