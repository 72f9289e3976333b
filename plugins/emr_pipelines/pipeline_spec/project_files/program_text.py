"""The first line and the line ends of a file that a node starts as a program. Pure."""

from __future__ import annotations

import re

from emr_pipelines.pipeline_spec.project_files.python_source import Flaw

SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
_UTF8_MARK = b"\xef\xbb\xbf"
_ELF = b"\x7fELF"
_INTERPRETER = re.compile(rb"#!\s*(\S+)((?:\s+\S+)*)")
_SUGGESTED = {".py": "#!/usr/bin/env python3", ".pl": "#!/usr/bin/perl", ".rb": "#!/usr/bin/env ruby"}


def interpreter_of(content: bytes) -> str | None:
    """The base name of the program that a first line `#!…` names, that which `env` finds where it is env; None without such a line."""
    found = _INTERPRETER.match(content.split(b"\n", 1)[0].rstrip(b"\r"))
    if found is None:
        return None
    words = [found[1].decode("utf-8", "replace"), *found[2].decode("utf-8", "replace").split()]
    if words[0].rpartition("/")[2] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return words[0].rpartition("/")[2] if words else None


def find_first_line_flaw(content: bytes, suffix: str) -> tuple[Flaw, str] | None:
    """Why a kernel cannot start the file, and what to write; None for one that it can, a compiled program too."""
    if content.startswith(_ELF):
        return None
    if content.startswith(_UTF8_MARK):
        return Flaw(line=1, message="begins with a byte order mark, behind which no node finds the #!"), (
            "Save it as UTF-8 without a mark."
        )
    if not content.startswith(b"#!"):
        first = _SUGGESTED.get(suffix, "#!/bin/bash")
        return Flaw(
            line=1, message="has no #!, so that a node takes it for a script of /bin/sh, if it starts it at all"
        ), f"Write {first} there."
    if content.split(b"\n", 1)[0].endswith(b"\r"):
        name = interpreter_of(content) or ""
        return Flaw(line=1, message=f"ends with CR LF, so that a node looks for a program {name + chr(13)!r}"), (
            "Save the file with LF line ends."
        )
    return None


def find_crlf(content: bytes) -> Flaw | None:
    """The first line that ends with CR LF, whose CR a shell takes for a part of the line."""
    end = content.find(b"\r\n")
    if end < 0:
        return None
    return Flaw(line=content.count(b"\n", 0, end) + 1, message="ends with CR LF, whose CR the shell takes for text")
