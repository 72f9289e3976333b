"""Endpoints on this machine: which addresses they are, how programs reach them past a proxy, and the key that names whose emr_local is meant. Imports no AWS library."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

_HOSTS = ("localhost", "127.0.0.1", "::1")
_NO_PROXY = ("no_proxy", "NO_PROXY")
_KEY_DIGITS = 16
# Any password does for emr_local. Airflow masks it wherever it stands in a log, so it is no word that anybody writes.
LOCAL_PASSWORD = "any-password-will-do"  # noqa: S105 - no secret


def is_loopback(url: str | None) -> bool:
    """Whether an endpoint is on this machine."""
    return url is not None and (urlsplit(url).hostname or "") in _HOSTS


def direct_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with which a program that takes its proxy from these ones leaves this machine out: what they say already, and the loopback addresses."""
    given = [host.strip() for name in _NO_PROXY for host in variables.get(name, "").split(",")]
    direct = ",".join(dict.fromkeys([host for host in given if host] + [*_HOSTS]))
    return dict.fromkeys(_NO_PROXY, direct)


def local_key(state_dir: Path) -> str:
    """The access key id of those who mean the emr_local with this state directory: one that keeps another directory refuses it (emr_local's `addressee`)."""
    return f"local-{hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:_KEY_DIGITS]}"
