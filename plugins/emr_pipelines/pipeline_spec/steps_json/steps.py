"""The steps of a spec from the older system's steps.json: whose output each reads, and what it writes. Asks only whether files exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from emr_pipelines.pipeline_spec.notation.placeholders import escape_literal
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.steps_json.findings import LegacyFile
from emr_pipelines.pipeline_spec.steps_json.local_files import LocalFiles
from emr_pipelines.pipeline_spec.steps_json.models import LegacyScriptArgs, LegacyStep, LegacySteps
from emr_pipelines.pipeline_spec.steps_json.names import format_word, name_steps

# What Spark writes as a folder with _SUCCESS in it; a script that makes anything else writes it by itself.
_TABLES = frozenset({"parquet", "csv", "json", "orc", "avro", "text", "txt"})
_NOTHING = ("", "None")
_FOLDER_STEP = "make_input_folder"


def import_steps(file: LegacyFile[LegacySteps], local: LocalFiles) -> list[dict[str, Any]]:
    """The spec's steps; problems, and what is not carried over, are noted in `file`."""
    importer = _StepsImporter(file, local)
    importer.note_whole()
    return [*importer.copies(), *(importer.step(index) for index in range(len(file.model.steps)))]


class _StepsImporter:
    """Turns one step after the other; knows all of them, since a step names others."""

    def __init__(self, file: LegacyFile[LegacySteps], local: LocalFiles) -> None:
        self._file = file
        self._local = local
        self._steps = file.model.steps
        self._names = name_steps([step.name for step in self._steps])
        # All files were uploaded before the first step ran, so of two with one name the last was there.
        self._uploads = {PurePosixPath(step.script_args.local_input).name: step for step in self._steps}
        read = {one.input_data for one in (step.script_args for step in self._steps) if _is_own(one)}
        self._copied = [name for name in self._uploads if name not in (*_NOTHING, *read)]
        wished = [*self._names, _FOLDER_STEP, *(f"copy_{name}" for name in self._copied)]
        self._folder_step, *copy_names = name_steps(wished)[len(self._names) :]
        self._copy_names = dict(zip(self._copied, copy_names, strict=True))
        self._published: set[str] = set()

    def copies(self) -> Iterator[dict[str, Any]]:
        """A step for each uploaded file that no argument names: its script reads it from input/ by itself."""
        folder = "${env.bucket}/input"
        if self._copied:
            # Hadoop copies a file into a folder that is there, on S3 too.
            yield {"name": self._folder_step, "command": ["hadoop", "fs", "-mkdir", "-p", folder]}
        for name, step_name in self._copy_names.items():
            found = self._local.find(self._uploads[name].script_args.local_input)
            file = self._local.place(found) if found else ""
            yield {
                "name": step_name,
                "description": f"Puts {escape_literal(name)} where a script reads it by itself",
                "command": ["hadoop", "fs", "-cp", "-f", file, f"{folder}/{escape_literal(name)}"],
                "inputs": {"file": file},
                "after": [self._folder_step],
            }

    def step(self, index: int) -> dict[str, Any]:
        """One step of the spec."""
        legacy, path = self._steps[index], ("steps", index)
        self._note_name(index)
        result: dict[str, Any] = {"name": self._names[index]}
        if legacy.description.strip():
            result["description"] = escape_literal(legacy.description)
        result["spark"] = {
            "script": self._script(path, legacy.script_uri),
            "contract": "legacy",
            "executor_memory": legacy.executor_memory,
            "executor_cores": int(legacy.executor_cores),
        }
        result |= self._input(index)
        result |= self._output(index)
        self._note_ignored(index)
        return result

    def note_whole(self) -> None:
        """What concerns several steps: names of scripts, names of outputs, uploaded files."""
        for index, step in enumerate(self._steps):
            if step.guiid not in _NOTHING:
                message = "guiid is not carried over: the name of an output is made of run, step and attempt"
                self._file.note(("steps", index, "guiid"), message, at=("steps",))
                break
        self._note_same_names()
        self._refuse_missing_uploads()

    def _script(self, path: Path, text: str) -> str:
        if text.startswith("s3://"):
            return escape_literal(text)
        found = self._local.find(text)
        if found is None:
            message = f"there is no file {text!r} in {self._local.folder.name}, the folder of steps.json"
            self._file.refuse((*path, "script_uri"), message, "Put the script there, or name one on S3.")
            return text
        return self._local.place(found)

    def _input(self, index: int) -> dict[str, Any]:
        """The input, and the order: the old tool ran the steps one after the other."""
        arguments = self._steps[index].script_args
        if int(arguments.input_dependency_from_output_step):
            upstream = self._upstream(index)
            if upstream is None:
                # No `after` here: without it the missing input ends the run before a cluster is created.
                return {"inputs": {"data": self._dangling(index)}}
            return {"from_step": upstream} | self._after(index, upstream)
        address = self._own(index) if _is_own(arguments) else self._external(index)
        return ({} if address is None else {"inputs": {"data": address}}) | self._after(index)

    def _upstream(self, index: int) -> str | None:
        wanted = self._steps[index].script_args.from_step
        earlier = (self._names[i] for i in range(index) if self._steps[i].name == wanted)
        return next(earlier, None)

    def _dangling(self, index: int) -> str:
        wanted = self._steps[index].script_args.from_step
        later = next((i for i in range(index, len(self._steps)) if self._steps[i].name == wanted), None)
        if later is None:
            message = f"from_step {wanted!r} of step {self._names[index]!r} names no step, and is not carried over"
            fix = "Correct it to `from_step: NAME`; as it is, the run ends before a cluster is created."
        else:
            message = f"from_step {wanted!r} of step {self._names[index]!r} names no earlier step, and is not carried over: the script got 'None'"
            fix = f"Move the step after {self._names[later]!r} and write `from_step`; as it is, the run ends before a cluster is created."
        self._file.note(_argument(index, "from_step"), message, fix, at=self._at(index, "inputs"))
        return "${env.bucket}/output/" + ("None" if later is not None else re.sub(r"[^\w.-]+", "_", wanted) or "None")

    def _external(self, index: int) -> str:
        text = self._steps[index].script_args.input_data
        address = re.sub(r"^s3[an]://", "s3://", text)
        if not address.startswith("s3://"):
            message = f'input_data {text!r} is no s3:// address, though external_input is "1"'
            self._file.refuse(_argument(index, "input_data"), message, "Copy the data to S3 and name that.")
        return escape_literal(address)

    def _own(self, index: int) -> str | None:
        """A name below input/: a file that some step uploads there, or something that lies there already."""
        text = self._steps[index].script_args.input_data
        if text in _NOTHING:
            return None
        uploader = self._uploads.get(text)
        found = self._local.find(uploader.script_args.local_input) if uploader else None
        if found is not None:
            return self._local.place(found)
        message = f"input_data {text!r} of step {self._names[index]!r} is read from input/ of the bucket"
        fix = "Copy it there in each environment."
        self._file.note(_argument(index, "input_data"), message, fix, at=self._at(index, "inputs"))
        return "${env.bucket}/input/" + escape_literal(text)

    def _output(self, index: int) -> dict[str, Any]:
        step = self._steps[index]
        word = format_word(step.script_args.format_output)
        if f".{word}" != step.script_args.format_output:
            message = (
                f"format_output {step.script_args.format_output!r} of step {self._names[index]!r} has become '.{word}'"
            )
            fix = "Look whether the script uses it."
            self._file.note(_argument(index, "format_output"), message, fix, at=self._at(index, "output"))
        if word not in _TABLES:
            return {"output": self._unmarked(index, word)}
        return {"output": word, **self._publish(index)}

    def _unmarked(self, index: int, word: str) -> dict[str, Any]:
        message = (
            f"the output of step {self._names[index]!r} is no table of Spark's but .{word}: nothing of it is verified"
        )
        fix = "A script that writes to keys of its own below output/ of the bucket still does."
        self._file.note(_argument(index, "format_output"), message, fix, at=self._at(index, "output"))
        return {"format": word, "success_marker": False, "min_files": 0}

    def _publish(self, index: int) -> dict[str, str]:
        """An output whose name the author chose is copied there once it is verified."""
        arguments = self._steps[index].script_args
        if int(arguments.auto_generate_output) or arguments.output_uri in _NOTHING:
            return {}
        place = "${env.bucket}/output/" + escape_literal(arguments.output_uri.strip("/"))
        if place in self._published:
            message = f"output_uri {arguments.output_uri!r} of step {self._names[index]!r} is that of an earlier step, and is not carried over"
            self._file.note(
                _argument(index, "output_uri"), message, "Write another `publish`.", at=self._at(index, "output")
            )
            return {}
        self._published.add(place)
        message = f"output_uri {arguments.output_uri!r} of step {self._names[index]!r} has become `publish`: an attempt has a prefix of its own, and what is verified is copied there"
        self._file.note(_argument(index, "output_uri"), message, at=self._at(index, "publish"))
        return {"publish": place}

    def _note_name(self, index: int) -> None:
        old, new = self._steps[index].name, self._names[index]
        if old != new:
            message = f"the step {old!r} has become {new!r}, which is also its --name_step"
            fix = "Names are lower-case letters, digits and underscores, each once."
            self._file.note(("steps", index, "name"), message, fix, at=self._at(index))

    def _note_ignored(self, index: int) -> None:
        action = self._steps[index].action_on_failure
        if action != "CONTINUE":
            message = f"ActionOnFailure {action} of step {self._names[index]!r} is not carried over: the old tool did not read it, and always sent CONTINUE"
            fix = "Later steps do not start after a failure. Write `on_failure` if EMR is to do more."
            self._file.note(("steps", index, "ActionOnFailure"), message, fix, at=self._at(index))

    def _note_same_names(self) -> None:
        first: dict[str, LegacyStep] = {}
        for index, step in enumerate(self._steps):
            name = PurePosixPath(step.script_uri).name
            other = first.setdefault(name, step)
            if other.script_uri != step.script_uri:
                message = f"{step.script_uri!r} has the file name of {other.script_uri!r}: the old tool uploaded one over the other, here each step runs its own"
                path = ("steps", index, "script_uri")
                self._file.note(path, message, "Look whether that is meant.", at=self._at(index, "spark"))

    def _refuse_missing_uploads(self) -> None:
        for index, step in enumerate(self._steps):
            text = step.script_args.local_input
            if text not in _NOTHING and self._local.find(text) is None:
                message = f"there is no file {text!r} in {self._local.folder.name}, the folder of steps.json"
                self._file.refuse(_argument(index, "local_input"), message, "Put it there.")

    def _after(self, index: int, upstream: str | None = None) -> dict[str, list[str]]:
        """The step before, unless its output is used anyway, and the copy of the step's own file."""
        name = PurePosixPath(self._steps[index].script_args.local_input).name
        before = [] if index == 0 or self._names[index - 1] == upstream else [self._names[index - 1]]
        copy = [self._copy_names[name]] if name in self._copy_names else []
        return {"after": [*before, *copy]} if before or copy else {}

    def _at(self, index: int, *rest: str) -> Path:
        """Where the step stands in the spec: the copies, and the making of their folder, come first."""
        return ("steps", len(self._copied) + bool(self._copied) + index, *rest)


def _is_own(arguments: LegacyScriptArgs) -> bool:
    """Whether the input is a name below input/ of the bucket."""
    return not int(arguments.input_dependency_from_output_step) and not int(arguments.external_input)


def _argument(index: int, key: str) -> Path:
    return ("steps", index, "script_args", key)
