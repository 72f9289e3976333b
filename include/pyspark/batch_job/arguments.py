"""Parses the command line that every job is started with. Knows argparse only: no Spark, no I/O."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class JobArguments:
    """What a job was asked to do: named input URIs, the output URI and the job's own options."""

    inputs: Mapping[str, str]
    output: str
    options: argparse.Namespace


def create_parser(job: str, description: str) -> argparse.ArgumentParser:
    """Create a parser for ``--input NAME=URI [--input NAME=URI …] --output URI``; the job adds its own options."""
    parser = argparse.ArgumentParser(prog=job, description=description, allow_abbrev=False)
    parser.add_argument("--input", action="append", default=[], metavar="NAME=URI", dest="input_pairs")
    parser.add_argument("--output", required=True, metavar="URI", help="a prefix that does not exist yet")
    parser.add_argument(
        "--max-dropped",
        type=share,
        default=share("50%"),
        metavar="SHARE",
        help="fail if more of what was read cannot be used, such as 10%% or 0.1; default 50%%. If nothing can be used, the job always fails",
    )
    return parser


def parse_arguments(
    parser: argparse.ArgumentParser, argv: Sequence[str], *, required: Sequence[str], optional: Sequence[str] = ()
) -> JobArguments:
    """Parse ``argv`` and check the input names.

    An optional input may be written as ``--input NAME=URI`` or, shorter, as ``--NAME URI``.
    """
    for name in optional:
        parser.add_argument(f"--{name}", metavar="URI", help=f"short for --input {name}=URI")
    options = parser.parse_args(argv)
    pairs = [*options.input_pairs, *(f"{n}={getattr(options, n)}" for n in optional if getattr(options, n))]
    inputs: dict[str, str] = {}
    for pair in pairs:
        name, _, uri = pair.partition("=")
        if not name or not uri:
            parser.error(f"--input {pair!r} is not of the form NAME=URI")
        if name not in (*required, *optional):
            parser.error(f"--input {name!r} is unknown; this job reads {_listed((*required, *optional))}")
        if name in inputs:
            parser.error(f"--input {name!r} is given twice: {inputs[name]} and {uri}")
        inputs[name] = uri
    missing = [name for name in required if name not in inputs]
    if missing:
        parser.error(f"missing input {_listed(missing)}: add --input {missing[0]}=URI")
    return JobArguments(inputs=inputs, output=options.output, options=options)


def positive_int(text: str) -> int:
    """Argparse type of an option that must be at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def share(text: str) -> float:
    """Argparse type of a share: ``10%`` or ``0.1``."""
    number = text.strip()
    try:
        value = float(number.removesuffix("%")) / 100 if number.endswith("%") else float(number)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share such as 10% or 0.1")
    return value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
