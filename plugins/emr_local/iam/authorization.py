"""Judges every AWS request by an IAM policy before anything happens, and refuses in AWS's words. Changes no record and no object.

What a step's own programs ask for is the instance profile's matter: requests that are signed with its key id are not judged, nor are the administrator's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from emr_local.iam.authorization_log import AuthorizationLog
from emr_local.iam.emr_accesses import TagsOf, list_emr_accesses
from emr_local.iam.object_accesses import ObjectRequest, existence_access, list_object_accesses, read_object_request
from emr_local.iam.object_deletions import answer_deletions, read_deletions
from emr_local.iam.other_accesses import list_other_accesses
from emr_local.iam.policies import Access, Policy, Verdict
from emr_local.iam.refusals import refuse_json, refuse_object_request, refuse_query
from emr_local.objects.mirroring import is_s3_request
from emr_local.resources.identifiers import ADMINISTRATOR_KEY, CALLER_ARN, INSTANCE_PROFILE_KEY
from emr_local.wire.api_errors import ApiError
from emr_local.wire.bodies import read_body
from emr_local.wire.json_protocol import find_operation, find_region
from emr_local.wire.service_model import check_request

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]+/([a-z0-9-]+)/")


class Authorizer:
    """A policy and the log of what it said."""

    def __init__(self, policy: Policy, log: AuthorizationLog) -> None:
        self._policy = policy
        self._log = log

    def find_denial(self, accesses: Iterable[Access]) -> str | None:
        """Why not all of the accesses are allowed, in AWS's words; None if they are."""
        judged = [(access, self._policy.judge(access)) for access in accesses]
        for access, verdict in judged:
            self._log.record(access, verdict)
        return next((describe_denial(access, verdict) for access, verdict in judged if not verdict.allowed), None)


def describe_denial(access: Access, verdict: Verdict) -> str:
    """AWS's sentence about a denied access."""
    if verdict.sid is None:
        reason = f"because no identity-based policy allows the {access.action} action"
    else:
        reason = "with an explicit deny in an identity-based policy"
    return f"User: {CALLER_ARN} is not authorized to perform: {access.action} on resource: {access.resource} {reason}"


class AuthorizationGate:
    """Passes on to an application what its authorizer allows."""

    def __init__(self, application: WSGIApplication, *, authorizer: Authorizer, tags_of: TagsOf) -> None:
        self._application = application
        self._authorizer = authorizer
        self._tags_of = tags_of

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        key_id, service = _find_signature(environ)
        if key_id in (INSTANCE_PROFILE_KEY, ADMINISTRATOR_KEY):
            return self._application(environ, start_response)
        if find_operation(environ) is not None:
            return self._answer_emr(environ, start_response)
        if is_s3_request(environ):
            return self._answer_s3(environ, start_response)
        return self._answer_other(service, environ, start_response)

    def _answer_emr(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        operation = find_operation(environ) or ""
        try:
            parameters = check_request(operation, json.loads(read_body(environ) or b"{}"))
        except (ApiError, ValueError):
            return self._application(environ, start_response)  # which says what is wrong with it
        accesses = list_emr_accesses(operation, parameters, find_region(environ), self._tags_of)
        denial = self._authorizer.find_denial(accesses)
        return self._application(environ, start_response) if denial is None else refuse_json(denial, start_response)

    def _answer_s3(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = read_object_request(environ)
        denial = self._authorizer.find_denial(list_object_accesses(request))
        if denial is not None:
            return refuse_object_request(denial, start_response)
        if request.deletes_many and request.bucket is not None:
            deletions = read_deletions(request.bucket, read_body(environ))
            denials = {one.number: self._authorizer.find_denial([one.access]) for one in deletions}
            return answer_deletions(self._application, environ, start_response, deletions, denials)
        return self._pass_on(request, environ, start_response)

    def _pass_on(
        self, request: ObjectRequest, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The application's answer; that an object is missing is told only to those who may list its bucket."""
        if not request.reads_object or request.bucket is None:
            return self._application(environ, start_response)
        body, status, headers = run_wsgi_app(self._application, environ)
        if status.startswith("404"):
            denial = self._authorizer.find_denial([existence_access(request.bucket)])
            if denial is not None:
                return refuse_object_request(denial, start_response)
        start_response(status, headers.to_wsgi_list())
        return body

    def _answer_other(
        self, service: str | None, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if service is None:
            return self._application(environ, start_response)  # moto's own pages
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        accesses = list_other_accesses(
            service,
            find_region(environ),
            target=target,
            query=environ.get("QUERY_STRING", ""),
            body=read_body(environ),
        )
        denial = self._authorizer.find_denial(accesses)
        if denial is None:
            return self._application(environ, start_response)
        return refuse_json(denial, start_response) if target else refuse_query(service, denial, start_response)


def _find_signature(environ: WSGIEnvironment) -> tuple[str | None, str | None]:
    """The access key id and the service of a request's signature, wherever it is."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    scope = f"Credential={query['X-Amz-Credential'][0]}" if "X-Amz-Credential" in query else ""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "") or scope)
    return (found[1], found[2]) if found else (None, None)
