"""What is local stays local: clients of an endpoint on this machine know no proxy, profile, region or other setting of the person's shell, and that no emr_local listens there is told at once.

Creates no client. A session from here takes all its settings from whoever makes a client of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from emr_pipelines.emr.emr_api import EndpointSilent

_FIRST_ERROR = 400
_REFUSED = 403
_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")
_AWS_KINDS = ("xml", "x-amz-json")


def plain_session(*, bears_silence: bool = False) -> botocore.session.Session:
    """A session for an endpoint on this machine, to which the variables and files of the shell's AWS configuration say nothing.

    Its clients end a call with EndpointSilent when nothing listens at the endpoint, or something that is no emr_local; with `bears_silence` they ask again, as at AWS.
    """
    known = botocore.session.Session.SESSION_VARIABLES
    unset = {name: (None, None, default, convert) for name, (_, _, default, convert) in known.items()}
    unset["data_path"] = known["data_path"]  # descriptions of services, which say nothing of an account
    nowhere = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=unset | {"config_file": nowhere, "credentials_file": nowhere})
    session.set_default_client_config(Config(proxies={}))
    if not bears_silence:
        session.register("needs-retry", _end_when_nothing_listens)
        session.register("needs-retry", _end_at_a_stranger)
    return session


def _end_when_nothing_listens(
    caught_exception: Exception | None = None, request_dict: Mapping[str, Any] | None = None, **_: Any
) -> None:
    """Called by botocore after each attempt, before it sleeps for the next one."""
    if not isinstance(caught_exception, EndpointConnectionError):
        return
    cause = caught_exception.kwargs.get("error")
    if isinstance(getattr(cause, "__cause__", None), ConnectionRefusedError):
        place = urlsplit((request_dict or {}).get("url", ""))
        raise EndpointSilent(describe_silence(f"{place.scheme}://{place.netloc}"))


def _end_at_a_stranger(
    response: tuple[Any, Mapping[str, Any]] | None = None, request_dict: Mapping[str, Any] | None = None, **_: Any
) -> None:
    """Called as the one above."""
    if response is None or _speaks_for_aws(*response):
        return
    place = urlsplit((request_dict or {}).get("url", ""))
    raise EndpointSilent(describe_stranger(f"{place.scheme}://{place.netloc}", response[0].status_code))


def _speaks_for_aws(answer: Any, parsed: Mapping[str, Any]) -> bool:
    """Whether an answer has AWS's request id, or else is no page and no error without a code of AWS. emr_local's refusals of a caller (403) and its injected faults have no id."""
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    if any(name in answer.headers for name in _REQUEST_IDS):
        return True
    if "html" in kind:
        return False
    if status < _FIRST_ERROR or status == _REFUSED or any(word in kind for word in _AWS_KINDS):
        return True
    return parsed.get("Error", {}).get("Code", "") not in ("", str(status))


def describe_stranger(url: str, status: int) -> str:
    """One sentence for an endpoint of this machine at which another program answers, with what to do."""
    return (
        f"What answers at {url} is no emr_local (it said {status}). Stop it and start emr_local there: emr-pipelines local start; "
        "or change the port of endpoint_url in the environment"
    )


def describe_silence(url: str) -> str:
    """One sentence for an endpoint of this machine at which nothing listens, with what to do."""
    return f"Nothing listens at {url}, where emr_local should be. Start it: emr-pipelines local start"
