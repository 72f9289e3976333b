"""Errors that say what is wrong and what to do about it. Data only."""

from __future__ import annotations


class ExplainedError(Exception):
    """Something that a person gave or has cannot be used: a sentence for the cause, one for what to do."""

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(f"{cause} {fix}")
        self.cause = cause
        self.fix = fix


class StartupError(ExplainedError):
    """Why the server cannot start."""
