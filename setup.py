"""Adds to the wheel what `emr-pipelines init` copies into a new project and what lies outside of plugins/ here."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent / "plugins"))

from emr_pipelines.authoring.project_kit import KIT_FOLDER, kit_files


class BuildWithKit(build_py):
    """Builds the packages, and the kit as data of one of them; an editable installation finds all of it in the checkout."""

    def run(self) -> None:
        """Build."""
        super().run()
        if self.editable_mode:
            return
        for path, content in kit_files(Path(__file__).parent).items():
            target = Path(self.build_lib) / KIT_FOLDER / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


setup(cmdclass={"build_py": BuildWithKit})
