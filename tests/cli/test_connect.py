"""`emr-pipelines connect` as a person uses it, against emr_local and moto's EC2 over HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command_line import run_tool
from tests.emr.conftest import cluster_request

from emr_pipelines.emr.clusters import terminate_clusters
from emr_pipelines.emr.emr_api import EmrApi

PIPELINE = "connect_me"


@pytest.fixture
def ec2(client_for: Callable[..., Any]) -> Any:
    return client_for("ec2")


@pytest.fixture
def group(ec2: Any) -> str:
    name = f"primary-{uuid.uuid4().hex[:8]}"
    return ec2.create_security_group(GroupName=name, Description="of the primary node")["GroupId"]


@pytest.fixture
def cluster(api: EmrApi, s3: Any, group: str) -> Any:
    s3.create_bucket(Bucket="emr-logs")
    key = uuid.uuid4().hex[:12]
    instances = {
        **cluster_request()["Instances"],
        "Ec2KeyName": "my-key",
        "EmrManagedMasterSecurityGroup": group,
        "EmrManagedSlaveSecurityGroup": group,
    }
    tags = {"emr-pipelines:key": f"{key}/main", "emr-pipelines:dag_id": PIPELINE}
    request = cluster_request(
        key,
        Instances=instances,
        Applications=[{"Name": "Spark"}, {"Name": "Livy"}],
        Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
    )
    cluster_id = api.write.run_job_flow(**request)["JobFlowId"]
    api.read.get_waiter("cluster_running").wait(ClusterId=cluster_id, WaiterConfig={"Delay": 1})
    yield cluster_id
    terminate_clusters(api, [cluster_id])


def ranges(ec2: Any, group: str) -> list[dict[str, str]]:
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return [one for permission in found["IpPermissions"] for one in permission["IpRanges"]]


def test_a_pipelines_live_cluster_is_found_and_told_how_to_reach(project: Path, cluster: str, group: str) -> None:
    told = run_tool(project, "connect", PIPELINE, "--key", "/keys/my key.pem", "--port", "9000", "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    node = report["cluster"]
    assert (node["cluster_id"], node["key_pair"], node["security_groups"]) == (cluster, "my-key", [group])
    commands = {one["purpose"]: one["text"] for one in report["commands"]}
    assert (
        commands["shell (Systems Manager)"]
        == f"aws ssm start-session --region us-east-1 --target {node['instance_id']}"
    )
    assert commands["shell (SSH)"] == f"ssh -i '/keys/my key.pem' hadoop@{node['dns_name']}"
    assert commands["SOCKS proxy (SSH)"].endswith(f" -N -D 9000 hadoop@{node['dns_name']}")
    assert {page["name"]: page["address"] for page in report["pages"]} == {
        "YARN ResourceManager": f"http://{node['dns_name']}:8088/",
        "HDFS NameNode": f"http://{node['dns_name']}:9870/",
        "Livy": f"http://{node['dns_name']}:8998/",
        "Spark history": f"http://{node['dns_name']}:18080/",
    }
    assert report["history"] == []


def test_people_get_lines_that_they_can_copy(project: Path, cluster: str) -> None:
    told = run_tool(project, "connect", cluster, "--history", COLUMNS="40")
    assert told.returncode == 0, told.stderr
    assert "  shell (SSH): ssh -i ~/my-key.pem hadoop@" in told.stdout
    # emr_local keeps no history server, and says so in EMR's way.
    assert "  Spark history server: " in told.stdout
    assert "https://" not in told.stdout


def test_a_cluster_that_nobody_knows_is_no_matter_of_credentials(project: Path) -> None:
    told = run_tool(project, "connect", "j-NOPE")
    assert told.returncode == 1
    assert told.stderr == (
        "There is no cluster j-NOPE in us-east-1: EMR knows none with this id in the account. Check the id, the region and the environment\n"
    )


def test_proxy_files_are_written_once_and_never_over_another(project: Path, cluster: str, tmp_path: Path) -> None:
    fox, pac = tmp_path / "fox.json", tmp_path / "emr.pac"
    told = run_tool(project, "connect", cluster, "--foxyproxy", str(fox), "--pac", str(pac), "--port", "9001")
    assert told.returncode == 0, told.stderr
    (proxy,) = json.loads(fox.read_text())["data"]
    assert (proxy["type"], proxy["hostname"], proxy["port"], proxy["proxyDNS"]) == ("socks5", "127.0.0.1", "9001", True)
    assert 'return "SOCKS5 127.0.0.1:9001";' in pac.read_text()
    again = run_tool(project, "connect", cluster, "--pac", str(pac))
    assert again.returncode == 1
    assert again.stderr == f"{pac} was not written: File exists; name a file that does not exist\n"


def test_ssh_is_opened_to_one_address_only_when_told_and_closed_when_its_time_is_over(
    project: Path, cluster: str, group: str, ec2: Any
) -> None:
    shown = run_tool(project, "connect", cluster, "--allow", "203.0.113.7", "--for", "2h")
    assert "Would be added with --apply" in shown.stdout
    assert ranges(ec2, group) == []

    added = run_tool(project, "connect", cluster, "--allow", "203.0.113.7", "--for", "1s", "--apply", "--json")
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["allowed"]["applied"] is True
    (rule,) = ranges(ec2, group)
    assert rule["CidrIp"] == "203.0.113.7/32"
    assert rule["Description"].startswith("emr-pipelines until=")

    foreign = {"CidrIp": "198.51.100.0/24", "Description": "the office, until=2001-01-01T00:00:00+00:00"}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [foreign]}]
    )
    removed = run_tool(project, "connect", cluster, "--revoke-expired", "--json")
    assert [one["cidr"] for one in json.loads(removed.stdout)["revoked"]] == ["203.0.113.7/32"]
    assert ranges(ec2, group) == [foreign]


def test_a_port_22_that_is_open_to_the_world_is_told(project: Path, cluster: str, group: str, ec2: Any) -> None:
    everybody = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 1024, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[everybody])
    told = run_tool(project, "connect", cluster)
    assert f"WARNING: anyone can reach port 22 of {group} (0.0.0.0/0)" in told.stdout


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("0.0.0.0/0", "0.0.0.0/0 is 4294967296 addresses; SSH is opened to one only"),
        ("203.0.113.0/24", "203.0.113.0/24 is 256 addresses; SSH is opened to one only"),
        ("::/0", "SSH is opened to one only"),
        ("me", "'me' is no address"),
        ("127.0.0.1", "127.0.0.1 is nobody's address on a network"),
    ],
)
def test_ssh_is_never_opened_to_more_than_one_address(
    project: Path, cluster: str, group: str, ec2: Any, address: str, words: str
) -> None:
    refused = run_tool(project, "connect", cluster, "--allow", address, "--apply")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert ranges(ec2, group) == []


def test_a_pipeline_without_a_cluster_is_told_which_are_live(project: Path, cluster: str, tmp_path: Path) -> None:
    refused = run_tool(project, "connect", "nobody", "--pac", str(tmp_path / "emr.pac"))
    assert refused.returncode == 1
    assert not (tmp_path / "emr.pac").exists()
    assert refused.stderr.startswith("There is no live cluster of the pipeline 'nobody'; live are: ")
    assert cluster in refused.stderr
