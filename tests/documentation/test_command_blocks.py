"""Every command block of the pages is run, or says who runs it or why nobody does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emr_pipelines.cli.main import VERBS
from tests.documentation.command_blocks import ROOT, CommandBlock, blocks_of, pages, shown_lines, split_commands
from tests.fresh.readme_commands import PAGES, all_commands
from tests.fresh.terminal import Finished, Terminal

ALL = [block for page in pages() for block in blocks_of(page)]
SAMPLE_PORT = "5566"
COLUMNS = "150"


def test_commands_of_a_block() -> None:
    text = "make x   # why\n# a comment\n\naws a \\\n  b\ncat > f <<EOF\n# no comment\nEOF\n"
    assert list(split_commands(text)) == ["make x", "aws a \\\n  b", "cat > f <<EOF\n# no comment\nEOF"]
    assert list(split_commands("$ ls\nfile\n", console=True)) == ["ls"]


def test_every_block_says_whether_it_is_run() -> None:
    assert len(ALL) > 40
    unsaid = [block.place for block in ALL if block.page not in PAGES and not _says(block)]
    assert unsaid == [], "write <!-- run --> or <!-- not run: the reason --> in the line before; see command_blocks.py"


def _says(block: CommandBlock) -> bool:
    reason = block.marker.removeprefix("not run:").strip()
    return block.is_run or block.marker.startswith("run by ") or (block.marker.startswith("not run:") and bool(reason))


@pytest.mark.parametrize("block", [b for b in ALL if b.marker.startswith("run by ")], ids=lambda block: block.place)
def test_who_is_said_to_run_a_block_does_so(block: CommandBlock) -> None:
    runner = block.marker.removeprefix("run by ").split(";")[0]
    if runner == "make test-fresh":
        known = {form for command in all_commands() for form in (command.text, *command.forms)}
        assert [command for command in block.commands if command not in known] == []
    else:
        assert (ROOT / runner).is_file()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project as it is now, with git and a port of its own."""
    copy = tmp_path_factory.mktemp("pages") / "emr-pipelines"
    names = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    environment = copy / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text(encoding="utf-8").replace(SAMPLE_PORT, free_port()), encoding="utf-8")
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), (*author, "commit", "-qm", "The project")):
        subprocess.run(["git", *arguments], cwd=copy, check=True)
    (copy / ".venv").symlink_to(Path(sys.executable).parents[1])
    yield copy
    subprocess.run([copy / ".venv/bin/emr-pipelines", "local", "stop", "--force"], cwd=copy, check=False)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def terminal(project: Path, tmp_path: Path) -> Terminal:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW", "EMR_"))}
    settings = {
        "PATH": f"{project / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": COLUMNS,
        "EDITOR": "true",
    }
    return Terminal(project, kept | settings, tmp_path)


def blocks_to_run(*, slow: bool) -> list[object]:
    """The pages with blocks to run, each with its blocks: those of a page are one story."""
    run = [block for block in ALL if block.is_run and block.is_slow == slow and is_possible(block)]
    stories = [(page, [block for block in run if block.page == page]) for page in pages()]
    return [pytest.param(blocks, id=page) for page, blocks in stories if blocks]


def is_possible(block: CommandBlock) -> bool:
    """Whether the verb that the block needs is there."""
    return not block.option("needs") or block.option("needs") in VERBS


@pytest.mark.xdist_group("pages")
@pytest.mark.parametrize("blocks", blocks_to_run(slow=False))
def test_cheap_blocks_of_a_page(blocks: list[CommandBlock], project: Path, terminal: Terminal) -> None:
    assert run_all(blocks, project, terminal) == []


@pytest.mark.slow
@pytest.mark.xdist_group("pages")
@pytest.mark.parametrize("blocks", blocks_to_run(slow=True))
def test_slow_blocks_of_a_page(blocks: list[CommandBlock], project: Path, terminal: Terminal) -> None:
    assert run_all(blocks, project, terminal) == []


def run_all(blocks: list[CommandBlock], project: Path, terminal: Terminal) -> list[str]:
    """What is not as the pages say."""
    environment = (project / "config" / "environments" / "local.yaml").read_text(encoding="utf-8")
    port = environment.partition("127.0.0.1:")[2].split()[0]
    return [fault for block in blocks for fault in run_block(block, port, terminal)]


def run_block(block: CommandBlock, port: str, terminal: Terminal) -> Iterator[str]:
    if before := block.option("before"):
        done = terminal.run(before)
        assert done.exit_code == 0, done.output
    output = ""
    for command in block.commands:
        # What a command sets holds for the next one, as in a person's shell.
        done = terminal.run(f"set -a; {command.replace(SAMPLE_PORT, port)}")
        output += done.output
        yield from faults_of(block, command, done)
    shown = shown_lines(block) if block.language == "console" else []
    yield from (f"{block.place}: shows {line!r}, which was not printed" for line in shown if line not in output)


def faults_of(block: CommandBlock, command: str, done: Finished) -> Iterator[str]:
    expected_to_fail = block.option("ends with 1")
    wanted = 1 if expected_to_fail and expected_to_fail in command else 0
    if done.exit_code != wanted or "Traceback (most recent call last)" in done.output:
        yield f"{block.place}: {command} ended with {done.exit_code}:\n{done.output[-2000:]}"
