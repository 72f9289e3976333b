"""S3 as far as the small records of a step need it: put, get and list of whole objects, with conditional writes. In memory; answers in S3's own form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

Answer = tuple[int, dict[str, str], bytes]


class SimulatedS3:
    """The objects of all buckets, by bucket and key as one path."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def answer(self, operation: str, request: Any) -> Answer:
        """Status, headers and body for one request of botocore."""
        parts = urlsplit(request.url)
        path = unquote(parts.path).lstrip("/")
        match operation:
            case "PutObject":
                body = request.body.read() if hasattr(request.body, "read") else request.body
                return self._put(path, body or b"", request.headers)
            case "GetObject":
                return self._get(path)
            case "ListObjectsV2":
                return self._list(path, parse_qs(parts.query).get("prefix", [""])[0])
        raise NotImplementedError(f"S3 {operation}")

    def _put(self, path: str, body: bytes, headers: Mapping[str, Any]) -> Answer:
        current = self.objects.get(path)
        if headers.get("If-None-Match") is not None and current is not None:
            return _error(412, "PreconditionFailed")
        expected = headers.get("If-Match")
        if expected is not None and (current is None or _text(expected) != _etag(current)):
            return _error(404, "NoSuchKey") if current is None else _error(412, "PreconditionFailed")
        self.objects[path] = body
        return 200, {"ETag": _etag(body)}, b""

    def _get(self, path: str) -> Answer:
        body = self.objects.get(path)
        if body is None:
            return _error(404, "NoSuchKey")
        return 200, {"ETag": _etag(body), "Content-Length": str(len(body))}, body

    def _list(self, bucket: str, prefix: str) -> Answer:
        start = f"{bucket.rstrip('/')}/"
        keys = sorted(path.removeprefix(start) for path in self.objects if path.startswith(start + prefix))
        contents = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in keys)
        text = f"<ListBucketResult><KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        return 200, {"Content-Type": "application/xml"}, text.encode()


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _error(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return status, {"Content-Type": "application/xml", "Content-Length": str(len(body))}, body
