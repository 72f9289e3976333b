"""`make screenshots`: runs the commands that the README shows, in a copy of the project, and makes pictures of what they print. Nothing in them is written by hand; long ones end with `…`."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from docs_site.pictures.screens import final_screen, picture_of

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
COLUMNS = 100
SAMPLE_PORT = "5566"
BREAK_THE_JOB = ("include/pyspark/book_titles/count_words.py", 'groupBy("year", "word")', 'groupBy("year", "wrd")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A picture: the command, how it must end, and how many of its lines are shown."""

    name: str
    command: str
    exit_code: int = 0
    lines: int = 60
    broken_job: bool = False


SHOTS = (
    Shot(name="run", command="emr-pipelines run word_clouds --date 2005-01-01"),
    Shot(name="failure", command="emr-pipelines run word_clouds --step count_words --inline", exit_code=1, lines=24, broken_job=True),
    Shot(name="plan", command="emr-pipelines plan word_clouds --env aws --date 2005-01-01 --show tasks --show cost --hours 1", lines=35),
)  # fmt: skip


def main() -> int:
    """Take all pictures; ends with 1 when a command did not end as it should."""
    folder = Path(tempfile.mkdtemp(prefix="emr-pipelines-screens-"))
    copy = folder / "emr-pipelines"
    try:
        lay_out(copy)
        return 1 if any(not take(shot, copy) for shot in SHOTS) else 0
    finally:
        subprocess.run([program("emr-pipelines"), "local", "stop", "--force"], cwd=copy, check=False)
        shutil.rmtree(folder)


def lay_out(copy: Path) -> None:
    """A clone of the project whose emr_local has a free port and stays between the commands."""
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(copy)], check=True)
    environment = copy / "config" / "environments" / "local.yaml"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment.write_text(environment.read_text(encoding="utf-8").replace(SAMPLE_PORT, port), encoding="utf-8")
    subprocess.run([program("emr-pipelines"), "local", "start"], cwd=copy, check=True)


def take(shot: Shot, copy: Path) -> bool:
    """Run the command and write its picture."""
    if shot.broken_job:
        file, old, new = BREAK_THE_JOB
        (copy / file).write_text((copy / file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [program(shot.command.split()[0]), *shot.command.split()[1:]],
        cwd=copy,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "FORCE_COLOR": "1",
            "COLUMNS": str(COLUMNS),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    printed = done.stdout.decode()  # with the carriage returns by which a live table is drawn over
    if done.returncode != shot.exit_code:
        sys.stderr.write(f"{shot.command} ended with {done.returncode}:\n{printed}\n")
        return False
    lines = [f"$ {shot.command}", *(without_paths(line, copy) for line in final_screen(printed))]
    shown = lines if len(lines) <= shot.lines else [*lines[: shot.lines], "…"]
    picture = picture_of(shown, width=COLUMNS)
    (IMAGES / f"{shot.name}.svg").write_text(picture, encoding="utf-8")
    return True


def without_paths(line: str, copy: Path) -> str:
    """The line without the folders of this machine."""
    return re.sub(re.escape(str(copy)), "~/emr-pipelines", line).replace(str(PROJECT), "~/emr-pipelines")


def program(name: str) -> str:
    """A command of the environment that runs this."""
    return str(Path(sys.executable).parent / name)


if __name__ == "__main__":
    sys.exit(main())
