"""`emr-pipelines connect`: how to reach a cluster. Prints commands and links; opens nothing unless told to, and never port 22 to more than one address."""

from __future__ import annotations

import datetime as dt
import getpass
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from emr_pipelines.cli.aws.connect_text import print_access
from emr_pipelines.cli.local.endpoint import at_own_server
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, ec2_client, emr_api
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.emr.connect.commands import SOCKS_PORT, access_commands
from emr_pipelines.emr.connect.history import history_links
from emr_pipelines.emr.connect.primary_node import PrimaryNode, describe_primary, find_cluster
from emr_pipelines.emr.connect.proxy_files import foxyproxy_settings, pac_file
from emr_pipelines.emr.connect.ssh_rules import SshRule, add_rule, revoke_expired, rule_for, ssh_rules, world_open
from emr_pipelines.emr.connect.web_pages import web_pages
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.notation.forms import DURATION, FORMS


def connect_command(
    cluster: Annotated[
        str | None,
        typer.Argument(help="A cluster's id, or a pipeline whose live cluster is meant; default: the only live one."),
    ] = None,
    env: EnvironmentOption = None,
    key: Annotated[str | None, typer.Option(help="File of the key pair; default: ~/<its name>.pem.")] = None,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Local port of the SOCKS proxy.")] = SOCKS_PORT,
    history: Annotated[
        bool, typer.Option("--history", help="Ask EMR for links to the Spark history server, YARN timeline and Tez.")
    ] = False,
    foxyproxy: Annotated[Path | None, typer.Option(help="Write FoxyProxy settings to this new file.")] = None,
    pac: Annotated[Path | None, typer.Option(help="Write a proxy auto-configuration (PAC) to this new file.")] = None,
    allow: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Show the rule that lets SSH in from this one address.")
    ] = None,
    until: Annotated[str, typer.Option("--for", help="How long that rule is meant to stay, for example 8h.")] = "8h",
    apply: Annotated[bool, typer.Option("--apply", help="With --allow: add the rule.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke-expired", help="Remove our rules whose time is over.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show how to reach a cluster: shell, proxy, its web pages and its history.

    Example: emr-pipelines connect word_clouds --env aws
    """
    if apply and allow is None:
        raise EmrPipelinesError("--apply has no effect without --allow ADDRESS, your own public address")
    if not re.fullmatch(DURATION, until):
        raise EmrPipelinesError(f"--for {until!r}: use {FORMS[DURATION]}")
    environment = at_own_server(load_project(env)).environment
    with aws_errors_as_messages(environment):
        api = emr_api(environment)
        node = describe_primary(api, find_cluster(api, cluster))
        report = {
            "cluster": asdict(node),
            "commands": _data(access_commands(node, region=environment.region, key_file=key, socks_port=port)),
            "pages": _data(web_pages(node)),
            "history": _data(history_links(api, node)) if history else [],
            **_change_rules(ec2_client(environment), node, allow, until, apply=apply, revoke=revoke),
        }
    # Last, so that a cluster that is not found leaves no file in the way of the next call.
    _write_new(foxyproxy, foxyproxy_settings(port))
    _write_new(pac, pac_file(port))
    print_json(report) if as_json else print_access(plain_console(), report)


def _change_rules(
    ec2: Any, node: PrimaryNode, allow: str | None, until: str, *, apply: bool, revoke: bool
) -> dict[str, Any]:
    """Who may reach port 22, after what was asked to be removed and added."""
    now = dt.datetime.now(dt.UTC)
    revoked = revoke_expired(ec2, node.security_groups, now=now) if revoke else []
    end = now + dt.timedelta(seconds=seconds_of(until))
    return {
        "revoked": [_rule_data(rule) for rule in revoked],
        "allowed": _allow(ec2, node, allow, end, apply=apply) if allow else None,
        "open_to_the_world": [_rule_data(rule) for rule in world_open(ssh_rules(ec2, node.security_groups))],
    }


def _data(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def _allow(ec2: Any, node: PrimaryNode, address: str, until: dt.datetime, *, apply: bool) -> dict[str, Any]:
    if not node.security_groups:
        raise EmrPipelinesError(f"EMR names no security group of {node.cluster_id} yet; ask again when it is up")
    rule = rule_for(node.security_groups[0], address, user=getpass.getuser(), until=until)
    if apply:
        add_rule(ec2, rule)
    return _rule_data(rule) | {"applied": apply}


def _rule_data(rule: SshRule) -> dict[str, Any]:
    return asdict(rule) | {"until": rule.until.isoformat() if rule.until else None}


def _write_new(file: Path | None, text: str) -> None:
    if file is None:
        return
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except OSError as error:
        raise EmrPipelinesError(f"{file} was not written: {error.strerror}; name a file that does not exist") from error
