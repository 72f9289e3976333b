"""The spec of a new pipeline from a steps.json, by the same import as `import-legacy`. Reads the files of the older system, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emr_pipelines.authoring.new_files import NewFiles
from emr_pipelines.authoring.new_pipeline import Order, when
from emr_pipelines.pipeline_spec.steps_json.importing import import_system

_DESCRIPTION = re.compile(r"^description: .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyFiles:
    """The spec, copies of what lies outside of the project's include/, and what was not carried over."""

    files: NewFiles
    notes: tuple[str, ...]


def import_steps(order: Order, steps: Path, project_root: Path) -> LegacyFiles:
    """What a steps.json becomes. Raises SpecError with every problem of it."""
    imported = import_system(steps, None, name=order.name, project_root=project_root)
    text = _DESCRIPTION.sub(lambda line: f"{line[0]}{when(order)}", imported.text, count=1)
    copies: Mapping[str, bytes] = {target: source.read_bytes() for target, source in imported.copies.items()}
    files = {**copies, f"config/pipelines/{order.name}.yaml": text.encode()}
    return LegacyFiles(files=files, notes=tuple(str(note) for note in imported.notes))
