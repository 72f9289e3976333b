"""`emr-pipelines data put | ls | get`: files of this machine to the S3 of an environment and back, local or on AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

from emr_pipelines.cli.authoring.data_listing import ls_command
from emr_pipelines.cli.authoring.data_store import DataStore, data_store, parse_place
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, exit_code, stoppable
from emr_pipelines.cli.terminal.transfer_progress import show_transfer
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import find_flaw, is_within, reserved_places
from emr_pipelines.storage.transfers.copies import (
    Transfer,
    TransferResult,
    download,
    existing_objects,
    left_out,
    plan_download,
    plan_upload,
    upload,
    without_same,
)
from emr_pipelines.storage.transfers.place_holders import find_holders

_MOST_NAMED = 10

data_app = typer.Typer(
    name="data",
    help="The data of an environment, on this machine or on AWS: put it there, list it, get it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app.command("ls")(ls_command)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@data_app.command("put")
def put_command(
    local: Annotated[Path, typer.Argument(help="A file, or a folder with all that lies below it.")],
    target: Annotated[
        str, typer.Argument(metavar="s3://…", help="Where to; a slash at the end says that it is a folder.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace objects that are there, in published places, too.")
    ] = False,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a file or folder to S3. Nothing that is there is replaced without --overwrite.

    Example: emr-pipelines data put sales/ s3://emr-pipelines-local/data/sales
    """
    console, project = plain_console(stderr=as_json), load_project(env)
    place, is_folder = parse_place(target)
    flaw = find_flaw(str(place))
    if flaw is not None:
        raise EmrPipelinesError(f"{target} {flaw[0]}. {flaw[1]}")
    with data_store(project, "emr-pipelines data put", console) as store:
        store.require_bucket(place)
        planned = plan_upload(store.s3, local, place, is_folder=is_folder)
        _refuse_reserved(store, planned)
        with show_waiting("comparing with what is there", console):
            differing, same = without_same(store.s3, existing_objects(store.s3, planned))
        _refuse_or_tell(store, planned, differing, console, overwrite=overwrite)
        wanted = [one for one in planned if one not in same]
        with _interruptible(console), show_transfer("copying", _size(wanted), console) as advance:
            result = upload(store.s3, wanted, advance, replace=overwrite)
    if local.is_dir() and (hidden := left_out(local)):
        console.print(f"Left out: {_names(hidden)}", soft_wrap=True)
    _finish(result, same, [one.uri for one in result.copied], console, as_json=as_json)


@data_app.command("get")
def get_command(
    source: Annotated[
        str, typer.Argument(metavar="s3://…", help="An object, or a prefix with all that lies below it.")
    ],
    local: Annotated[
        str, typer.Argument(help="A file to make, or a folder: one that is there, or a name with a slash at its end.")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy an object or a prefix from S3. No file that is there is replaced without --overwrite.

    Example: emr-pipelines data get s3://emr-pipelines-local/word_clouds/year=2005 clouds/
    """
    if not local:
        raise typer.BadParameter("The place on this machine is empty; name a file or a folder, such as .")
    console, project = plain_console(stderr=as_json), load_project(env)
    place, _ = parse_place(source)
    with data_store(project, "emr-pipelines data get", console) as store:
        store.require_bucket(place)
        planned = plan_download(store.s3, place, Path(local), is_folder=local.endswith("/"))
        with show_waiting("comparing with what is there", console):
            differing, same = without_same(store.s3, [one for one in planned if one.file.is_file()])
        if differing and not overwrite:
            raise EmrPipelinesError(
                f"Nothing was copied: {_named([str(one.file) for one in differing])} there with another content. To replace: --overwrite"
            )
        wanted = [one for one in planned if one not in same]
        with _interruptible(console), show_transfer("copying", _size(wanted), console) as advance:
            result = download(store.s3, wanted, advance)
    _finish(result, same, [str(one.file) for one in result.copied], console, as_json=as_json)


def _refuse_reserved(store: DataStore, planned: Sequence[Transfer]) -> None:
    """Raise EmrPipelinesError for an object where runs and clusters write by themselves."""
    environment = store.environment
    for place, what in reserved_places(environment.bucket, environment.logs).items():
        one = next((one for one in planned if is_within(one.uri, place)), None)
        if one is not None:
            raise EmrPipelinesError(
                f"Nothing was copied: {one.uri} lies in {place}, where {what}. Put data elsewhere, such as {environment.data}"
            )


@contextmanager
def _interruptible(console: Console) -> Iterator[None]:
    """End the command in order when somebody ends it: each copy is whole, or not there."""
    try:
        with stoppable():
            yield
    except StoppedBySignal as stop:
        console.print(
            "Interrupted; what was copied until now is whole, the rest is not there.", style="red", soft_wrap=True
        )
        raise typer.Exit(exit_code(stop.number)) from None


def _size(transfers: Sequence[Transfer]) -> int:
    return sum(one.size for one in transfers)


def _refuse_or_tell(
    store: DataStore, planned: Sequence[Transfer], differing: Sequence[Transfer], console: Console, *, overwrite: bool
) -> None:
    """Raise EmrPipelinesError when something of others would be changed and nobody said so; else say what is."""
    held = find_holders(store.s3, planned[0].bucket, [one.key for one in planned])
    words = [f"{place} was published by {owner or 'an unknown publisher'}" for place, owner in held.items()]
    if not overwrite and words:
        raise EmrPipelinesError(
            f"Nothing was copied: {'; '.join(words)}. Choose another place, or write there all the same: --overwrite"
        )
    if not overwrite and differing:
        raise EmrPipelinesError(
            f"Nothing was copied: {_named([one.uri for one in differing])} there with another content. To replace: --overwrite"
        )
    for sentence in words:
        console.print(
            f"Writing into what others have made: {sentence}", style="yellow", highlight=False, soft_wrap=True
        )


def _named(names: Sequence[str]) -> str:
    return f"{_names(names)} {'is' if len(names) == 1 else 'are'}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _finish(
    result: TransferResult, same: Sequence[Transfer], copied: Sequence[str], console: Console, *, as_json: bool
) -> None:
    """Say what was copied and what was not; exit code 1 when a part was not."""
    failures = [{"object": one.uri, "file": str(one.file), "problem": problem} for one, problem in result.failures]
    size = sum(one.size for one in result.copied)
    if as_json:
        print_json({"copied": list(copied), "same": len(same), "bytes": size, "failures": failures})
    else:
        for name in copied[:_MOST_NAMED]:
            console.print(f"    {name}", highlight=False, soft_wrap=True)
        more = f" ({len(copied) - _MOST_NAMED} more than these)" if len(copied) > _MOST_NAMED else ""
        kept = f"; {len(same)} there already" if same else ""
        console.print(f"{_files(len(copied))} copied, {decimal(size)}{more}{kept}", highlight=False, soft_wrap=True)
    if failures:
        told = "\n".join(f"    {failure['object']}: {failure['problem']}" for failure in failures)
        rest = "\nThe rest was not tried." if result.stopped else ""
        raise EmrPipelinesError(f"{_files(len(failures))} could not be copied:\n{told}{rest}")


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"
