"""The commands that lead to a cluster's primary node: a Systems Manager session, SSH, a tunnel, a SOCKS proxy. Pure text; runs nothing."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from emr_pipelines.emr.connect.primary_node import PrimaryNode

# The port that AWS's guide uses for the SOCKS proxy.
SOCKS_PORT = 8157
_USER = "hadoop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A shell command and what it is for."""

    purpose: str
    text: str


def access_commands(
    node: PrimaryNode, *, region: str, key_file: str | None, socks_port: int = SOCKS_PORT
) -> list[Command]:
    """What can be typed to reach the node. Systems Manager needs no open port and no key; SSH needs the cluster's key pair."""
    commands = [] if node.instance_id is None else _session_commands(node, node.instance_id, region)
    if node.key_pair is not None:
        commands += _ssh_commands(node, region, key_file or f"~/{node.key_pair}.pem", socks_port)
    return commands


def _forward_command(instance_id: str, region: str, port: int) -> str:
    """Brings one port of the node to this machine through Systems Manager."""
    parameters = json.dumps({"portNumber": [str(port)], "localPortNumber": [str(port)]})
    return shlex.join(
        [
            *("aws", "ssm", "start-session", "--region", region, "--target", instance_id),
            *("--document-name", "AWS-StartPortForwardingSession", "--parameters", parameters),
        ]
    )


def _session_commands(node: PrimaryNode, instance_id: str, region: str) -> list[Command]:
    session = shlex.join(["aws", "ssm", "start-session", "--region", region, "--target", instance_id])
    commands = [Command(purpose="shell (Systems Manager)", text=session)]
    if "Spark" in node.applications:
        history = _forward_command(instance_id, region, 18080)
        commands.append(Command(purpose="Spark history on localhost:18080", text=history))
    return commands


def _ssh_commands(node: PrimaryNode, region: str, key_file: str, socks_port: int) -> list[Command]:
    commands = []
    # A ~ stays outside the quotes, so that the shell opens it.
    identity = f"-i {key_file if key_file.startswith('~/') and ' ' not in key_file else shlex.quote(key_file)}"
    if node.dns_name is not None:
        address = f"{_USER}@{node.dns_name}"
        commands += [
            Command(purpose="shell (SSH)", text=f"ssh {identity} {address}"),
            Command(purpose="SOCKS proxy (SSH)", text=f"ssh {identity} -N -D {socks_port} {address}"),
        ]
    if node.instance_id is not None:
        proxy = f"aws ssm start-session --region {region} --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p"
        text = f"ssh {identity} -o {shlex.quote('ProxyCommand=' + proxy)} -N -D {socks_port} {_USER}@{node.instance_id}"
        commands.append(Command(purpose="SOCKS proxy (SSH inside Systems Manager, no open port)", text=text))
    return commands
