"""`emr-pipelines data ls`: what lies at an address, one level deep or all of it, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.filesize import decimal

from emr_pipelines.cli.authoring.data_store import DataStore, data_store, parse_place
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.owners import owner_in
from emr_pipelines.storage.publication import MANIFEST
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import S3Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A folder, whose address ends in a slash and which has no size and time, or an object. `owner`: who has published to it."""

    address: str
    size: int | None = None
    modified: str = ""
    owner: str = ""


def ls_command(
    address: Annotated[
        str | None, typer.Argument(metavar="[s3://…]", help="What to list; default: the environment's bucket.")
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="All objects below it, not one level.")] = False,
    env: EnvironmentOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List what lies on S3. Exits with 1 when nothing does.

    Example: emr-pipelines data ls s3://emr-pipelines-local/data/
    """
    console, project = plain_console(stderr=as_json), load_project(env)
    place, _ = parse_place(address or project.environment.bucket)
    with data_store(project, "emr-pipelines data ls", console) as store:
        store.require_bucket(place)
        entries = list_entries(store, place, recursive=recursive)
    if as_json:
        print_json([_as_json(entry) for entry in entries])
    elif not entries and address is not None:
        raise EmrPipelinesError(f"{place} holds nothing; what there is: emr-pipelines data ls s3://{place.bucket}")
    else:
        width = max((len(_size(entry)) for entry in entries), default=0)
        for entry in entries:
            owner = f"  published by {entry.owner}" if entry.owner else ""
            # The address comes last and is never broken: it is what people copy.
            line = f"{_size(entry):>{width}}  {entry.modified:<16}  {entry.address}{owner}"
            console.print(line, highlight=False, soft_wrap=True)
        if address is None:
            console.print(
                f"Inputs of the environment {store.environment.name}: {store.environment.data}",
                highlight=False,
                soft_wrap=True,
            )


def list_entries(store: DataStore, place: S3Prefix, *, recursive: bool) -> list[Entry]:
    """What lies below an address, folders first, each in order of their names; the object itself where nothing lies below it."""
    folders, objects = list[Entry](), list[Entry]()
    for page in _pages(store, place.bucket, place.child(""), recursive=recursive):
        folders += [_folder(store, place.bucket, one["Prefix"]) for one in page.get("CommonPrefixes", [])]
        objects += [_object(place.bucket, item) for item in page.get("Contents", []) if item["Key"] != place.child("")]
    if folders or objects or not place.key:
        return [*folders, *objects]
    pages = _pages(store, place.bucket, place.key, recursive=False)
    return [
        _object(place.bucket, item) for page in pages for item in page.get("Contents", []) if item["Key"] == place.key
    ]


def _pages(store: DataStore, bucket: str, prefix: str, *, recursive: bool) -> Iterator[Any]:
    paginator: Any = store.s3.get_paginator("list_objects_v2")
    depth = {} if recursive else {"Delimiter": "/"}
    return iter(paginator.paginate(Bucket=bucket, Prefix=prefix, **depth))


def _folder(store: DataStore, bucket: str, prefix: str) -> Entry:
    manifest = read_record(store.s3, bucket, f"{prefix}{MANIFEST}").value
    owner = "" if manifest is None else str(owner_in(manifest) or "an unknown publisher")
    return Entry(address=f"s3://{bucket}/{prefix}", owner=owner)


def _object(bucket: str, item: Any) -> Entry:
    modified = item["LastModified"].strftime("%Y-%m-%d %H:%M")
    return Entry(address=f"s3://{bucket}/{item['Key']}", size=item["Size"], modified=modified)


def _size(entry: Entry) -> str:
    return "folder" if entry.size is None else decimal(entry.size)


def _as_json(entry: Entry) -> dict[str, object]:
    kind = "folder" if entry.size is None else "object"
    return {
        "address": entry.address,
        "kind": kind,
        "bytes": entry.size,
        "modified": entry.modified or None,
        "owner": entry.owner or None,
    }
