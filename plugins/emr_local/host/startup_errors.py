"""The errors that keep the server from starting. Data only."""

from __future__ import annotations


class StartupError(Exception):
    """Why the server cannot start: one line for the cause, one for what to do."""

    def __init__(self, cause: str, hint: str) -> None:
        super().__init__(f"{cause}\n{hint}")
        self.cause = cause
        self.hint = hint
