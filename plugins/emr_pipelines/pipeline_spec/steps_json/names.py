"""Names and formats of the older system in the forms that a spec has. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.rules.step.steps import RESERVED_NAMES

_LONGEST = 60


def name_steps(names: Sequence[str]) -> list[str]:
    """A name for each step, as near to its own as a spec allows, and each only once."""
    kept = {name for name in names if _plain(name) == name}
    chosen: list[str] = []
    for name in names:
        stem, number = _plain(name), 1
        candidate = stem
        # A name that is good as it is goes to the first step that has it.
        while candidate in chosen or (candidate in kept and candidate != name):
            number += 1
            candidate = f"{stem}_{number}"
        chosen.append(candidate)
    return chosen


def format_word(format_output: str) -> str:
    """The format of an output as one word: parquet for `.parquet`, and data where there is none."""
    word = re.sub(r"[^a-z0-9_]+", "_", format_output.lower()).strip("_")
    return word if re.fullmatch(forms.WORD, word) and word != "none" else "data"


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:_LONGEST]
    if plain in RESERVED_NAMES:
        return f"{plain}_step"
    return plain if re.fullmatch(forms.NAME, plain) else f"step_{plain}".rstrip("_")
