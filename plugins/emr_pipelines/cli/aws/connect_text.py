"""What `emr-pipelines connect` prints for people. Takes the verb's report and a console; calls nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console


def print_access(console: Console, report: Mapping[str, Any]) -> None:
    """The report in the order of use: what it is, how to get a shell, what to look at, who else may come in."""
    cluster = report["cluster"]
    _print_lines(
        console,
        f"{cluster['cluster_id']}  {cluster['name']}",
        [
            ("state", cluster["state"]),
            ("release", f"{cluster['release']} with {', '.join(cluster['applications'])}"),
            ("primary node", _or_unknown(cluster["dns_name"], cluster["instance_id"])),
            ("key pair", cluster["key_pair"] or "none: use Systems Manager"),
        ],
    )
    _print_lines(console, "Commands", ((one["purpose"], one["text"]) for one in report["commands"]))
    _print_lines(console, "Pages, through the proxy", ((one["name"], one["address"]) for one in report["pages"]))
    _print_lines(
        console,
        "History, without the cluster",
        ((one["name"], one["url"] or one["problem"]) for one in report["history"]),
    )
    _print_rules(console, report)


def _print_rules(console: Console, report: Mapping[str, Any]) -> None:
    allowed = report["allowed"]
    if allowed:
        title = "Added to the security group" if allowed["applied"] else "Would be added with --apply"
        _print_lines(console, title, [(allowed["cidr"], f"port 22 of {allowed['group_id']} until {allowed['until']}")])
    _print_lines(
        console, "Removed", ((one["cidr"], f"{one['group_id']}, ended {one['until']}") for one in report["revoked"])
    )
    opened = report["open_to_the_world"]
    if opened:
        groups = ", ".join(f"{one['group_id']} ({one['cidr']})" for one in opened)
        text = f"WARNING: anyone can reach port 22 of {groups}. Remove that rule: Systems Manager needs no open port."
        console.print(f"\n{text}", style="bold red", highlight=False, soft_wrap=True)


def _print_lines(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    """A heading and one line a row that can be copied whole; nothing for no rows."""
    found = list(rows)
    if not found:
        return
    console.print(f"\n{title}", style="bold", highlight=False, soft_wrap=True)
    for name, text in found:
        console.print(f"  {name}: {text}", highlight=False, soft_wrap=True)


def _or_unknown(*values: str | None) -> str:
    return ", ".join(value for value in values if value) or "not known in this state"
