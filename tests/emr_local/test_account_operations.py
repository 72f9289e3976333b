"""Operations that are about no single cluster: releases, instance types, security configurations, public access, the legacy listing."""

from __future__ import annotations

from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import step


def test_release_labels_are_listed_filtered_and_paged(emr: Emr):
    first = emr.client.list_release_labels(MaxResults=10)
    assert first["ReleaseLabels"][:2] == ["emr-7.14.0", "emr-7.13.0"]
    second = emr.client.list_release_labels(MaxResults=10, NextToken=first["NextToken"])
    assert not set(first["ReleaseLabels"]) & set(second["ReleaseLabels"])
    spark = emr.client.list_release_labels(Filters={"Prefix": "emr-spark-"})
    assert spark["ReleaseLabels"] == ["emr-spark-8.0.0", "emr-spark-8.1.0"]
    assert "NextToken" not in spark
    versions = emr.client.list_release_labels(Filters={"Application": "Spark 3.5.5"})["ReleaseLabels"]
    assert versions == ["emr-7.10.0", "emr-7.9.0"]


def test_a_release_is_described_with_its_applications(emr: Emr):
    described = emr.client.describe_release_label(ReleaseLabel="emr-7.13.0")
    assert {"Name": "Spark", "Version": "3.5.6-amzn-2"} in described["Applications"]
    assert emr.client.describe_release_label()["ReleaseLabel"] == "emr-7.14.0"
    assert emr.error("describe_release_label", ReleaseLabel="emr-0.0.1") == (
        "InvalidRequestException",
        "The supplied release label is invalid: emr-0.0.1.",
    )


def test_supported_instance_types_are_listed_in_pages(emr: Emr):
    first = emr.client.list_supported_instance_types(ReleaseLabel="emr-7.13.0")
    assert first["SupportedInstanceTypes"][0]["Type"] == "m5.xlarge"
    assert (first["SupportedInstanceTypes"][0]["VCPU"], first["SupportedInstanceTypes"][0]["MemoryGB"]) == (4, 16.0)
    second = emr.client.list_supported_instance_types(ReleaseLabel="emr-7.13.0", Marker=first["Marker"])
    assert second["SupportedInstanceTypes"][0] not in first["SupportedInstanceTypes"]
    assert emr.error("list_supported_instance_types", ReleaseLabel="emr-x")[0] == "InvalidRequestException"


def test_a_security_configuration_is_created_used_listed_and_deleted(emr: Emr):
    text = '{"EncryptionConfiguration": {"EnableInTransitEncryption": false, "EnableAtRestEncryption": false}}'
    emr.client.create_security_configuration(Name="secure", SecurityConfiguration=text)
    assert emr.client.describe_security_configuration(Name="secure")["SecurityConfiguration"] == text
    assert emr.cluster(emr.run(SecurityConfiguration="secure"))["SecurityConfiguration"] == "secure"
    assert [each["Name"] for each in emr.client.list_security_configurations()["SecurityConfigurations"]] == ["secure"]
    assert emr.error("create_security_configuration", Name="secure", SecurityConfiguration=text) == (
        "InvalidRequestException",
        "SecurityConfiguration with name 'secure' already exists.",
    )
    emr.client.delete_security_configuration(Name="secure")
    missing = ("InvalidRequestException", "Security configuration with name 'secure' does not exist.")
    assert emr.error("describe_security_configuration", Name="secure") == missing
    assert emr.error("delete_security_configuration", Name="secure") == missing
    assert (
        emr.error("create_security_configuration", Name="broken", SecurityConfiguration="{")[0]
        == "InvalidRequestException"
    )


def test_block_public_access_is_on_until_it_is_turned_off(emr: Emr):
    setting = emr.client.get_block_public_access_configuration()
    assert setting["BlockPublicAccessConfiguration"] == {
        "BlockPublicSecurityGroupRules": True,
        "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
    }
    emr.client.put_block_public_access_configuration(
        BlockPublicAccessConfiguration={
            "BlockPublicSecurityGroupRules": False,
            "PermittedPublicSecurityGroupRuleRanges": [],
        }
    )
    setting = emr.client.get_block_public_access_configuration()
    assert setting["BlockPublicAccessConfiguration"]["BlockPublicSecurityGroupRules"] is False


def test_the_legacy_listing_has_its_own_state_names(emr: Emr):
    failed = emr.run(step("fail", "TERMINATE_CLUSTER"), keep_alive=False)
    completed = emr.run(step("succeed"), keep_alive=False)
    terminated = emr.run()
    emr.client.terminate_job_flows(JobFlowIds=[terminated])
    for cluster_id in (failed, completed, terminated):
        emr.wait(cluster_id, "TERMINATED", "TERMINATED_WITH_ERRORS")

    flows = emr.client.describe_job_flows(JobFlowIds=[failed, completed, terminated])["JobFlows"]

    assert [flow["ExecutionStatusDetail"]["State"] for flow in flows] == ["FAILED", "COMPLETED", "TERMINATED"]
    assert flows[0]["Steps"][0]["ExecutionStatusDetail"]["State"] == "FAILED"
    assert flows[1]["Steps"][0]["StepConfig"]["HadoopJarStep"]["Args"] == ["succeed"]
    assert flows[1]["Instances"]["MasterInstanceType"] == "m5.xlarge"
    only_failed = emr.client.describe_job_flows(JobFlowStates=["FAILED"])["JobFlows"]
    assert [flow["JobFlowId"] for flow in only_failed] == [failed]
