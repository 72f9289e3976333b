"""The template is right by cfn-lint, the same for the same options, and holds what each option promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint_all

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.options import StackOptions, change_options, options_from_json
from emr_pipelines.infra.stack_template.template import build_template
from tests.infra.template_variants import EVERYTHING, EXISTING, OWN, VARIANTS


def statements(template: dict[str, Any], role: str) -> dict[str, dict[str, Any]]:
    document = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]
    return {statement["Sid"]: statement for statement in document["Statement"]}


def kinds(template: dict[str, Any]) -> set[str]:
    return {resource["Type"] for resource in template["Resources"].values()}


@pytest.mark.parametrize("name", VARIANTS)
def test_cfn_lint_finds_nothing(name: str) -> None:
    text = json.dumps(build_template(VARIANTS[name]), indent=1)
    # Errors and warnings; what begins with I is advice on matters of style.
    found = [f"{match.rule.id} {match.message}" for match in lint_all(text) if not match.rule.id.startswith("I")]
    assert found == []
    assert len(text) < 51_200, "CreateStack takes no more in TemplateBody"


def test_the_bucket_is_private_encrypted_versioned_and_tidied() -> None:
    resources = build_template(OWN)["Resources"]
    bucket = resources["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert (rules["Attempts"]["Prefix"], rules["Attempts"]["ExpirationInDays"]) == ("runs/", 90)
    assert rules["Logs"]["Prefix"] == "logs/"
    assert rules["UnfinishedUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rules["OldVersions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    [deny] = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_roles_are_the_v2_policy_and_this_bucket_only() -> None:
    template = build_template(EVERYTHING)
    service = template["Resources"]["ServiceRole"]["Properties"]
    assert [arn["Fn::Sub"].rsplit("/", 1)[1] for arn in service["ManagedPolicyArns"]] == ["AmazonEMRServicePolicy_v2"]
    passing = statements(template, "ServiceRole")["PassInstanceRole"]
    assert passing["Resource"] == {"Fn::GetAtt": ["InstanceRole", "Arn"]}
    assert "ForEC2Role" not in json.dumps(template)

    nodes = statements(template, "InstanceRole")
    assert not [sid for sid, one in nodes.items() if one["Resource"] == "*" or "s3:*" in one["Action"]]
    assert nodes["ListData1"]["Condition"] == {"StringLike": {"s3:prefix": ["reviews", "reviews/*"]}}
    places = [arn["Fn::Sub"].split(":::", 1)[1] for arn in nodes["ReadData"]["Resource"]]
    assert places == ["raw-data/reviews/*", "other-data/*", "certificates/nodes.zip"]
    # EMR refuses an instance profile whose name is not its role's.
    assert template["Resources"]["InstanceProfile"]["Properties"]["InstanceProfileName"] == {"Ref": "InstanceRole"}


def test_a_network_of_its_own_has_no_way_out_unless_asked() -> None:
    closed, open_ = build_template(OWN), build_template(EVERYTHING)
    assert not kinds(closed) & {"AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::Route"}
    assert "AWS::EC2::NatGateway" in kinds(open_)
    policy = closed["Resources"]["S3Endpoint"]["Properties"]["PolicyDocument"]
    assert "prod.${AWS::Region}.appinfo.src" in json.dumps(policy), "the persistent Spark history needs its bucket"
    assert "AWS::EC2::VPC" not in kinds(build_template(EXISTING))


def test_no_group_lets_the_world_in() -> None:
    for options in VARIANTS.values():
        for resource in build_template(options)["Resources"].values():
            properties = resource.get("Properties", {})
            inward = [*properties.get("SecurityGroupIngress", []), properties]
            assert "0.0.0.0/0" not in [
                rule.get("CidrIp") for rule in inward if resource["Type"].startswith("AWS::EC2::SecurityGroup")
            ]


def test_the_security_configuration_follows_key_and_certificates() -> None:
    def encryption(options: StackOptions) -> dict[str, Any]:
        made = build_template(options)["Resources"]["SecurityConfiguration"]["Properties"]["SecurityConfiguration"]
        assert made["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2
        return made["EncryptionConfiguration"]

    plain, full = encryption(OWN), encryption(EVERYTHING)
    assert plain["AtRestEncryptionConfiguration"] == {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"}}
    assert plain["EnableInTransitEncryption"] is False
    assert full["AtRestEncryptionConfiguration"]["LocalDiskEncryptionConfiguration"]["EnableEbsEncryption"] is True
    assert full["InTransitEncryptionConfiguration"]["TLSCertificateConfiguration"]["S3Object"].endswith("nodes.zip")


def test_failures_are_told_only_to_somebody() -> None:
    silent, told = build_template(OWN), build_template(EVERYTHING)
    assert silent["Resources"]["ClusterIdle"]["Properties"]["AlarmActions"] == []
    assert "AWS::Events::Rule" not in kinds(silent)
    rule = told["Resources"]["StepFailed"]["Properties"]
    assert rule["EventPattern"]["detail"] == {"state": ["FAILED"], "name": [{"wildcard": "*[k:*]"}]}
    assert rule["Targets"][0]["Arn"] == {"Ref": "Topic"}


def test_options_survive_the_stack() -> None:
    for options in VARIANTS.values():
        assert options_from_json(build_template(options)["Outputs"]["Options"]["Value"]) == options
    with pytest.raises(EmrPipelinesError, match="does not know: colour"):
        options_from_json('{"environment": "aws", "colour": "red"}')


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Choose a network"),
        ({"network": "new", "subnets": ("subnet-01234567",)}, "Choose a network"),
        ({"network": "8.8.0.0/16"}, "is no private IPv4 range between /16 and /24"),
        ({"network": "10.0.0.0/8"}, "is no private IPv4 range"),
        ({"subnets": ("subnet-x",)}, "is no id of a subnet"),
        ({"subnets": ("subnet-01234567",), "nat": True}, "--nat belongs to --network"),
        ({"network": "new", "bucket": "Big_Bucket"}, "is no name of a bucket"),
        ({"network": "new", "data": ("s3://data/*",)}, "without wildcards"),
        ({"network": "new", "kms_key": "alias/mine"}, "neither `new` nor the ARN of a key"),
        ({"network": "new", "certificates": "certificates.zip"}, "is no s3:// address of a zip"),
        ({"network": "new", "notify": "ops"}, "neither an e-mail address nor the ARN"),
        ({"network": "new", "keep_runs_days": 0}, "is not within 1 and 3650"),
    ],
)
def test_a_wrong_option_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EmrPipelinesError, match=message):
        change_options(StackOptions(environment="aws"), given)


def test_a_long_environment_name_needs_a_bucket_of_its_own_name() -> None:
    base = StackOptions(environment="a" * 40)
    with pytest.raises(EmrPipelinesError, match="name one with --bucket"):
        change_options(base, {"network": "new"})
    assert change_options(base, {"network": "new", "bucket": "my-bucket"}).bucket == "my-bucket"


def test_options_that_are_not_given_stay_and_none_takes_one_away() -> None:
    changed = change_options(EVERYTHING, {"notify": "none", "data": ("none",), "nat": None})
    assert (changed.notify, changed.data, changed.nat, changed.kms_key) == (None, (), True, "new")
    moved = change_options(EVERYTHING, {"subnets": EXISTING.subnets})
    assert (moved.network, moved.nat) == (None, False)
    with pytest.raises(EmrPipelinesError, match="cannot be changed"):
        change_options(OWN, {"network": "10.99.0.0/16"})
