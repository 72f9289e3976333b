"""IAM's logic as emr_local applies it: explicit deny before allow before implicit deny, wildcards, negations, conditions; and what it refuses to read."""

from __future__ import annotations

from typing import Any

import pytest

from emr_local.iam.policies import Access, PolicyError, read_policy

ROLE = "arn:aws:iam::123456789012:role/runs"


def statement(effect: str = "Allow", **keys: Any) -> dict[str, Any]:
    given = {"Action": "s3:GetObject", "Resource": "*"} | keys
    absent = {name.removeprefix("Not") for name in given if name.startswith("Not")}
    return {"Effect": effect, **{name: value for name, value in given.items() if name not in absent}}


def allows(statements: list[dict[str, Any]], action: str, resource: str, **context: str | tuple[str, ...]) -> bool:
    policy = read_policy({"Version": "2012-10-17", "Statement": statements})
    keys = {name.replace("__", ":"): (value,) if isinstance(value, str) else value for name, value in context.items()}
    return policy.judge(Access(action=action, resource=resource, context=keys)).allowed


def test_what_nothing_allows_is_denied_and_a_deny_beats_every_allow() -> None:
    wide, narrow = statement(Action="s3:*"), statement("Deny", Resource="arn:aws:s3:::b/secret/*")

    assert not allows([wide], "iam:PassRole", ROLE)
    assert allows([wide, narrow], "s3:PutObject", "arn:aws:s3:::b/open/x")
    assert not allows([wide, narrow], "s3:GetObject", "arn:aws:s3:::b/secret/x")
    assert not allows([narrow, wide], "s3:GetObject", "arn:aws:s3:::b/secret/x")


def test_the_verdict_names_the_statement() -> None:
    policy = read_policy(
        {"Version": "2012-10-17", "Statement": [statement(Sid="Read"), statement("Deny", Sid="No", Resource="b")]}
    )

    verdicts = [policy.judge(Access(action="s3:GetObject", resource=resource)) for resource in ("a", "b")]
    assert [(one.allowed, one.sid) for one in verdicts] == [(True, "Read"), (False, "No")]
    assert policy.judge(Access(action="s3:PutObject", resource="a")).sid is None


@pytest.mark.parametrize(
    ("pattern", "resource", "fits"),
    [
        ("arn:aws:s3:::b/runs/*", "arn:aws:s3:::b/runs/p/r/s/attempt=1/x", True),
        ("arn:aws:s3:::b/runs/*", "arn:aws:s3:::b/runs", False),
        ("arn:aws:s3:::b/runs/?", "arn:aws:s3:::b/runs/12", False),
        ("arn:aws:s3:::b/a.c", "arn:aws:s3:::b/abc", False),
        ("arn:aws:s3:::b/[ab]", "arn:aws:s3:::b/a", False),
    ],
)
def test_resources_are_patterns_of_stars_and_question_marks(pattern: str, resource: str, fits: bool) -> None:
    assert allows([statement(Resource=pattern)], "s3:GetObject", resource) is fits


def test_actions_are_patterns_without_case() -> None:
    assert allows([statement(Action="S3:getobj*")], "s3:GetObject", "x")
    assert not allows([statement(Action="s3:GetObject")], "s3:GetObjectVersion", "x")


def test_negations_cover_everything_else() -> None:
    assert allows([statement(NotAction="s3:PutObject")], "iam:PassRole", ROLE)
    assert not allows([statement(NotAction=["s3:PutObject", "iam:*"])], "iam:PassRole", ROLE)
    assert allows([statement(NotResource="arn:aws:s3:::b/*")], "s3:GetObject", "arn:aws:s3:::c/x")
    assert not allows([statement(NotResource="arn:aws:s3:::b/*")], "s3:GetObject", "arn:aws:s3:::b/x")


@pytest.mark.parametrize(
    ("operator", "value", "present", "absent"),
    [
        ("StringEquals", ["runs/", "logs/"], True, False),
        ("StringEquals", "RUNS/", False, False),
        ("StringEqualsIgnoreCase", "RUNS/", True, False),
        ("StringNotEquals", "runs/", False, True),
        ("StringLike", "ru*", True, False),
        ("StringNotLike", ["ru*", "x"], False, True),
        ("StringEqualsIfExists", "other/", False, True),
        ("StringLikeIfExists", "ru*", True, True),
        ("Null", "true", False, True),
        ("Null", "false", True, False),
        ("Null", False, True, False),
        ("Bool", "RUNS/", True, False),
    ],
)
def test_conditions_on_a_key_that_is_there_or_not(operator: str, value: Any, present: bool, absent: bool) -> None:
    guarded = [statement(Condition={operator: {"S3:Prefix": value}})]

    assert allows(guarded, "s3:GetObject", "x", s3__prefix="runs/") is present
    assert allows(guarded, "s3:GetObject", "x") is absent


@pytest.mark.parametrize(
    ("operator", "values", "allowed"),
    [
        ("ForAnyValue:StringEquals", ("a", "z"), True),
        ("ForAnyValue:StringEquals", ("y", "z"), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAnyValue:StringNotEquals", ("a", "z"), True),
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "z"), False),
        ("ForAllValues:StringEquals", (), True),
        ("StringNotEquals", ("a", "z"), False),
    ],
)
def test_conditions_on_keys_with_several_values(operator: str, values: tuple[str, ...], allowed: bool) -> None:
    guarded = [statement(Condition={operator: {"aws:TagKeys": ["a", "b"]}})]

    assert allows(guarded, "s3:GetObject", "x", aws__TagKeys=values) is allowed


def test_arns_are_compared_part_by_part() -> None:
    condition = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}

    assert allows([statement(Condition=condition)], "s3:GetObject", "x", aws__PrincipalArn=ROLE)
    assert not allows([statement(Condition=condition)], "s3:GetObject", "x", aws__PrincipalArn="arn:aws:s3:::role/x")


def test_every_operator_and_key_must_hold() -> None:
    condition = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Null": {"a:z": "true"}}

    assert allows([statement(Condition=condition)], "s3:GetObject", "x", a__x="1", a__y="2")
    assert not allows([statement(Condition=condition)], "s3:GetObject", "x", a__x="1", a__y="3")
    assert not allows([statement(Condition=condition)], "s3:GetObject", "x", a__x="1", a__y="2", a__z="3")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "'IpAddress' is not known here"),
        (statement(Condition={"NullIfExists": {"a:b": "true"}}), "'NullIfExists' is not known here"),
        (statement(Condition={"ForSomeValue:StringLike": {"a:b": "x"}}), "'ForSomeValue:StringLike' is not known"),
        (statement(Resource="arn:aws:s3:::b/${aws:username}/*"), "policy variable"),
        (statement(Principal="*"), "'Principal' does not belong there"),
        (statement("Permit"), "Effect is 'Permit'"),
        (statement(Action="GetObject"), "'GetObject' is no action"),
        (statement(Action=[]), "Action is []"),
        ({"Effect": "Allow", "Action": "s3:GetObject"}, "exactly one of Resource and NotResource"),
    ],
)
def test_what_cannot_be_applied_is_refused_when_it_is_read(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        allows([wrong], "s3:GetObject", "x")

    assert words in str(refused.value)


def test_a_document_of_another_kind_is_refused() -> None:
    others: tuple[Any, ...] = ({"Statement": []}, "policy", {"Version": "2008-10-17", "Statement": []})
    for value in others:
        with pytest.raises(PolicyError, match="2012-10-17"):
            read_policy(value)


def test_several_documents_hold_together_and_their_sids_differ() -> None:
    one, two = ({"Version": "2012-10-17", "Statement": [statement(Sid=sid, Resource=sid)]} for sid in ("A", "B"))

    policy = read_policy([one, two])
    assert all(policy.judge(Access(action="s3:GetObject", resource=name)).allowed for name in ("A", "B"))
    with pytest.raises(PolicyError, match="'A' is there twice"):
        read_policy([one, one])
