"""`python -m emr_local`: reads the command line, composes the server with moto and the local executor, and runs it until a signal."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import get_args

from emr_local.host.explained_errors import StartupError
from emr_local.host.java_runtime import JavaNotFoundError, find_java
from emr_local.host.ownership import Ownership
from emr_local.host.use_watch import UseWatch
from emr_local.runners.jvm.class_archive import ClassArchiveUse
from emr_local.serving.shell_variables import forget_the_shell
from emr_local.serving.stop_signal import open_stop_signal, send_stop_signal

_EXIT_CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; returns the process's exit code."""
    options = _parse(arguments)
    if options.log_file is not None:
        _write_to(options.log_file)
    forget_the_shell()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if options.find_java:
        return _find_java()
    if options.make_class_archive:
        from emr_local.runners.local import make_class_archive

        make_class_archive()
        return 0
    stop_signal = open_stop_signal()
    try:
        _serve(options, stop_signal)
    except StartupError as error:
        sys.stderr.write(f"emr_local: {error.cause}\n  {error.fix}\n")
        return _EXIT_CANNOT_START
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("emr_local"):
            raise
        sys.stderr.write(
            f"emr_local: the module {error.name} is not installed\n"
            f"  In the project's folder: pip install --constraint constraints.txt --editable '{_described_in()}[local]'\n"
        )
        return _EXIT_CANNOT_START
    return 0


def _described_in() -> str:
    """The folder of the packages' description, as it is named in the project's folder: beside them where `emr-pipelines init` put them."""
    return "./plugins" if (Path(__file__).resolve().parents[1] / "pyproject.toml").is_file() else "."


def _find_java() -> int:
    """Say which Java the steps would run on, or how to get one."""
    try:
        java = find_java()
    except JavaNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_CANNOT_START
    sys.stdout.write(f"{java.version} in {java.home}\n")
    return 0


def _serve(options: argparse.Namespace, stop_signal: int) -> None:
    # Imported late: a wrong flag is told at once, not after the seconds that moto takes to import.
    from emr_local.faults.fault_flags import read_fault_flags

    faults = read_fault_flags(options.fault, options.faults)
    from emr_local.iam.flags import read_policy_flag

    policy = read_policy_flag(options.iam_policy)
    from emr_local.serving.composition import create_server
    from emr_local.wire.listening import Listener

    log = None if options.log_file is None else str(options.log_file.resolve())
    ownership = Ownership(log=log, while_used=options.while_used)
    server = create_server(
        listener=Listener(options.host, options.port, options.listen_fd),
        state_dir=options.state_dir.resolve(),
        time_scale=options.time_scale,
        warm=options.spark_submit == "warm",
        warm_jvms=options.warm_jvms,
        class_archive=options.class_archive,
        run_bootstrap=options.bootstrap_actions == "run",
        faults=faults,
        policy=policy,
        ownership=ownership,
    )
    with ExitStack() as stack:
        stack.callback(server.close)
        if options.while_used:
            watch = UseWatch(options.state_dir.resolve(), stop=send_stop_signal)
            watch.start()
            stack.callback(watch.close)
        with suppress(BrokenPipeError):  # whoever started it may have gone
            sys.stdout.write(f"emr_local ready at {server.url} (state in {options.state_dir})\n")
            sys.stdout.flush()
        os.read(stop_signal, 1)


def _write_to(log_file: Path) -> None:
    """Let this process's words, and those of all that it starts, go to the end of a file."""
    with log_file.open("ab") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="emr_local",
        description="A small EMR for this machine: speaks the EMR API and runs the steps on local Spark.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=5566, help="port to listen on; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--listen-fd",
        type=int,
        metavar="N",
        help="take over this descriptor, a socket that listens at a loopback address, instead of --host and --port",
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Path(os.environ.get("EMR_LOCAL_STATE_DIR") or ".emr_local"),
        help="where S3, HDFS, logs and the journal are kept (default: $EMR_LOCAL_STATE_DIR, else .emr_local)",
    )
    parser.add_argument(
        "--time-scale",
        type=_parse_scale,
        default=1.0,
        help="factor on the short delays in which clusters come and go (default: %(default)s)",
    )
    _add_jvm_flags(parser)
    parser.add_argument(
        "--bootstrap-actions",
        choices=("check", "run"),
        default="check",
        help="look whether the scripts of bootstrap actions exist and can be parsed, or also run them on this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--iam-policy",
        type=Path,
        metavar="FILE",
        help="a JSON file with an IAM policy; what it does not allow is denied (default: everything is allowed)",
    )
    _add_life_flags(parser)
    _add_fault_flags(parser)
    return parser.parse_args(arguments)


def _add_jvm_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--spark-submit",
        choices=("plain", "warm"),
        default="warm",
        help="start a JVM per step, or keep some running for the next steps (default: %(default)s)",
    )
    parser.add_argument(
        "--warm-jvms",
        type=_parse_count,
        default=1,
        metavar="N",
        help="how many JVMs to start before the first step asks for one (default: %(default)s)",
    )
    parser.add_argument(
        "--class-archive",
        nargs="?",
        choices=get_args(ClassArchiveUse),
        const="keep",
        default="use",
        help="an archive of Spark's classes in the user's cache, with which JVMs start faster: use one that is there, or also make one in the background (145 MB) (default: %(default)s)",
    )
    parser.add_argument(
        "--make-class-archive", action="store_true", help="make that archive now, if there is none, and end"
    )
    parser.add_argument("--find-java", action="store_true", help="print the Java that steps would run on, and end")


def _add_life_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log-file", type=Path, metavar="FILE", help="write to the end of this file instead of the terminal"
    )
    parser.add_argument(
        "--while-used",
        action="store_true",
        help="end when no process holds a file in users/ of the state directory locked, as `emr-pipelines run` does",
    )


def _add_fault_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="JSON",
        help='a fault to inject, as {"operation": "RunJobFlow", "effect": "throttle"}; repeatable',
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a JSON file with a fault or a list of faults")


def _parse_count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative; use 0 to start a JVM only when a step needs one")
    return count


def _parse_scale(text: str) -> float:
    scale = float(text)
    if scale < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative; use 0 for no delays or 1 for the usual ones")
    return scale


if __name__ == "__main__":
    sys.exit(main())
