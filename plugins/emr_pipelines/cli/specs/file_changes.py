"""Waits for changes of a project's files, for verbs that do their work again after each of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import typer

from emr_pipelines.errors import EmrPipelinesError

_TIME_OUT_MS = 100
# What specs are made of and name; not the environment, whose thousands of files never change a spec.
_WATCHED = ("config", "include", "dags")


def changes_below(root: Path) -> Iterator[tuple[str, ...]]:
    """The changed files, below the root: none at first, when every change from then on is seen, and after each change those. Ends with Ctrl-C.

    Raises EmrPipelinesError where there is nothing to wait for.
    """
    from watchfiles import watch  # 40 ms, which no other verb is to wait for

    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it would tell of Ctrl-C in words of its own

    folders = [root / name for name in _WATCHED if (root / name).is_dir()]
    if not folders:
        raise EmrPipelinesError(f"{root} has none of the folders {', '.join(_WATCHED)}, so there is nothing to watch")
    waiting = f"Waiting for changes in {', '.join(str(folder.relative_to(root)) for folder in folders)}; Ctrl-C ends."
    is_first = True
    # It yields nothing at each time-out, first when it has begun to look.
    for changes in watch(*folders, raise_interrupt=False, yield_on_timeout=True, rust_timeout=_TIME_OUT_MS):
        if not changes and not is_first:
            continue
        is_first = False
        files = tuple(sorted({str(Path(file).relative_to(root)) for _, file in changes}))
        if files:
            typer.echo(f"\nchanged: {', '.join(files)}")
        yield files
        typer.echo(waiting)
