"""The control endpoint as a test or a script uses it: JSON over plain HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class Control:
    """Sends requests to `/_emr_local/` of one server."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/_emr_local/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def get(self, path: str) -> dict[str, Any]:
        return self._succeed("GET", path)

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        return self._succeed("POST", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self._succeed("DELETE", path)

    def _succeed(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, answer = self.send(method, path, body)
        assert status == 200, answer
        return answer
