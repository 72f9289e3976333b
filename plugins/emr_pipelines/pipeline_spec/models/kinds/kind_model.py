"""What a kind of step says of itself to the loader and to the rules; `plan.kinds` says what a run makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.notation.plain_values import Path, scalar_text, scalars_in


class KindModel(Model):
    """The model of what stands under the key of a kind."""

    # Whether the program is told the step's inputs; else it names them itself, in args.
    gets_inputs: ClassVar[bool] = True
    # Whether Hadoop's committer or Spark leaves a _SUCCESS beside the output, unless a setting stops it.
    writes_success_marker: ClassVar[bool] = True
    # Where below the key values of a run may stand, in words for people; what `roots_at` allows.
    run_values_in: ClassVar[str] = ""
    # Whether a text below the key may name the output of another step.
    names_outputs: ClassVar[bool] = False

    @classmethod
    def roots_at(cls, inner: Path) -> tuple[str, ...]:
        """Which placeholders may stand at a path below the key, by their first word."""
        return ("env",)

    def file_references(self, resolve: Callable[[str], str]) -> Iterable[tuple[Path, str]]:
        """Every value that names a file, by its path below the key, without the `#name` that some may have; `resolve` puts the environment's values in."""
        return ()

    def file_words(self) -> Iterable[str]:
        """Words of a command line that are files of the project where one has that path."""
        return ()

    def argument_texts(self) -> Iterable[str]:
        """The texts of which the step's arguments are made, for EMR's limit: at least these."""
        return (scalar_text(value) for _, value in scalars_in(self.model_dump(exclude_defaults=True)))


def listed_files(**lists: Iterable[str]) -> Iterable[tuple[Path, str]]:
    """The files in lists, by the key of the list."""
    for key, texts in lists.items():
        yield from (((key, index), text.partition("#")[0]) for index, text in enumerate(texts))
