"""Where the project's files go when the code is published: which are uploaded, and under which name. Pure: reads no file.

A text of the spec names something in the project exactly when the loader found it there; every other text is left as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from emr_pipelines.plan.model import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLayout:
    """The artifacts of a plan, and the address that each project path gets.

    `targets` are the names below `${code.prefix}` by project path; `packages` are the package folders by script; `resolve` puts the environment's
    values into a text, as the loader did before it looked for the file.
    """

    artifacts: tuple[Artifact, ...]
    targets: Mapping[str, str]
    packages: Mapping[str, tuple[str, ...]]
    resolve: Callable[[str], str]

    def address(self, text: str) -> str:
        """`${code.prefix}/<target>` for a path in the project, any other text unchanged; the `#folder` of an archive is kept."""
        path, mark, folder = text.partition("#")
        target = self.targets.get(self.resolve(path))
        return text if target is None else f"${{code.prefix}}/{target}{mark}{folder}"

    def packages_of(self, script: str | None) -> list[str]:
        """The addresses of the zips with the packages that travel with the script, its own first."""
        return [self.address(folder) for folder in self.packages.get(script or "", ())]


def lay_out_code(
    project_files: Iterable[str], packages: Mapping[str, tuple[str, ...]], resolve: Callable[[str], str]
) -> CodeLayout:
    """Give each file that a spec refers to its own path below the prefix, and each package a zip with a name of its own."""
    files = sorted(project_files)
    zips = _zip_names(sorted({folder for folders in packages.values() for folder in folders}), taken=files)
    artifacts = (
        *(Artifact(kind="file", source=path, target=path) for path in files),
        *(Artifact(kind="package", source=folder, target=name) for folder, name in zips.items()),
    )
    targets = {item.source: item.target for item in artifacts}
    return CodeLayout(artifacts=artifacts, targets=targets, packages=packages, resolve=resolve)


def _zip_names(folders: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """A zip name for each package folder: its own name, numbered from the second folder of the same name on."""
    names: dict[str, str] = {}
    used = set(taken)
    for folder in folders:
        stem, number = PurePosixPath(folder).name, 1
        name = f"{stem}.zip"
        while name in used:
            number += 1
            name = f"{stem}-{number}.zip"
        used.add(name)
        names[folder] = name
    return names
