"""DeleteObjects under a policy: S3 judges each object for itself, deletes those that it may, and tells of the others in the same answer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.etree import ElementTree

from werkzeug.test import run_wsgi_app

from emr_local.iam.object_accesses import deletion_access
from emr_local.iam.policies import Access
from emr_local.iam.refusals import list_deletion_errors

_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_END = b"</DeleteResult>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One object that a request wants to delete."""

    number: int
    key: str
    access: Access


def read_deletions(bucket: str, body: bytes) -> list[Deletion]:
    """The objects that a request's body names; none for a body that is no such list."""
    return [
        Deletion(
            number=number,
            key=_text(element, "Key") or "",
            access=deletion_access(bucket, _text(element, "Key") or "", _text(element, "VersionId")),
        )
        for number, element in enumerate(_objects_of(_parse(body)))
    ]


def answer_deletions(
    application: WSGIApplication,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    deletions: Sequence[Deletion],
    denials: Mapping[int, str | None],
) -> Iterable[bytes]:
    """The application's answer about the allowed objects, with the denied ones added; `denials` are the reasons by number, None for what is allowed."""
    denied = [(one.key, reason) for one in deletions if (reason := denials[one.number]) is not None]
    if not denied:
        return application(environ, start_response)
    errors = list_deletion_errors(denied).encode()
    if len(denied) == len(deletions):
        body = b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult>' + errors + _END
        start_response("200 OK", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]
    parts, status, headers = run_wsgi_app(application, _without(environ, denials), buffered=True)
    body = b"".join(parts).replace(_END, errors + _END)
    headers["Content-Length"] = str(len(body))
    start_response(status, headers.to_wsgi_list())
    return [body]


def _without(environ: WSGIEnvironment, denials: Mapping[int, str | None]) -> WSGIEnvironment:
    """The request for the allowed objects only; its checksums are those of another body and go."""
    root = _parse(environ["wsgi.input"].read())
    for number, element in enumerate(_objects_of(root)):
        if denials[number] is not None:
            root.remove(element)
    body = ElementTree.tostring(root)
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("HTTP_X_AMZ_CHECKSUM", "HTTP_CONTENT_MD5"))
    }
    return {**kept, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _parse(body: bytes) -> ElementTree.Element:
    """The list, its elements without their namespace, which would come back under a prefix that moto does not know."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - a client of this machine, as every other request
    except ElementTree.ParseError:
        return ElementTree.Element("Delete")
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
    return root


def _objects_of(root: ElementTree.Element) -> list[ElementTree.Element]:
    return root.findall("Object")


def _text(element: ElementTree.Element, name: str) -> str | None:
    return element.findtext(name)
