"""Our console pages are those of the provider's links, which Airflow shows on the tasks."""

from __future__ import annotations

import pytest
from airflow.providers.amazon.aws.links.emr import EmrClusterLink, EmrLogsLink

from emr_pipelines.emr.console_addresses import cluster_page, logs_page, object_page, partition_of, prefix_page

REGIONS = [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]


@pytest.mark.parametrize(("region", "partition"), REGIONS)
def test_a_cluster_has_the_page_that_airflow_links_to(region: str, partition: str) -> None:
    domain = EmrClusterLink.get_aws_domain(partition)
    link = EmrClusterLink().format_link(aws_domain=domain, region_name=region, job_flow_id="j-1")
    assert cluster_page(region, "j-1") == link
    assert partition_of(region) == partition


@pytest.mark.parametrize(("region", "partition"), REGIONS)
def test_its_logs_have_the_page_that_airflow_links_to(region: str, partition: str) -> None:
    domain = EmrLogsLink.get_aws_domain(partition)
    link = EmrLogsLink().format_link(aws_domain=domain, region_name=region, job_flow_id="j-1", log_uri="b/logs")
    assert logs_page(region, "s3://b/logs/", "j-1") == link


def test_prefixes_and_objects_have_pages_of_s3() -> None:
    start = "https://console.aws.amazon.com/s3"
    assert prefix_page("eu-west-1", "s3://b/x/year=2005/") == f"{start}/buckets/b?region=eu-west-1&prefix=x/year=2005/"
    assert prefix_page("eu-west-1", "s3://b") == f"{start}/buckets/b?region=eu-west-1"
    assert object_page("eu-west-1", "s3://b/x/a b&c.png") == f"{start}/object/b?region=eu-west-1&prefix=x/a%20b%26c.png"
