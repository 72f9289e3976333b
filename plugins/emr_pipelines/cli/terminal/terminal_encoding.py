"""What becomes of characters that a terminal, or a file that the output goes to, cannot hold (PYTHONIOENCODING=ascii, LANG=C): they cost their looks, never the command."""

from __future__ import annotations

import codecs
import io
import sys

_ERRORS = "emr-pipelines-degrade"
_SIGNS = {"→": "->", "…": "...", "≈": "~", "≤": "<=", "≥": ">=", "·": "-", "•": "*"}
_BASIC_PLANE = 0x10000


def bear_with_narrow_streams() -> None:
    """Let this process's output degrade instead of raising."""
    codecs.register_error(_ERRORS, _degrade)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _degrade(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spell, error.object[error.start : error.end])), error.end


def _spell(character: str) -> str:
    """A sign by its look; anything else as JSON escapes it, so that JSON stays what it says."""
    if character in _SIGNS:
        return _SIGNS[character]
    code = ord(character)
    if code < _BASIC_PLANE:
        return f"\\u{code:04x}"
    code -= _BASIC_PLANE
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
