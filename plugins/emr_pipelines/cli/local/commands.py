"""`emr-pipelines local start | status | stop`: an emr_local that outlives the shell, for all that uses it after that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.cli.aws_clients import s3_client
from emr_pipelines.cli.local.endpoint import at_url, find_own_server, find_own_url
from emr_pipelines.cli.local.server import ServerOptions, made_state_folder, start_server, stop_server
from emr_pipelines.cli.local.state_folder import ServerRecord, StateFolder, state_folder_of
from emr_pipelines.cli.local.users import gate, list_users
from emr_pipelines.cli.project_options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.sample_data import provide_sample_data
from emr_pipelines.cli.waiting import show_waiting
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError

local_app = typer.Typer(
    help="The emr_local of this project: start one that outlives the shell, see whose runs, stop it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_NOT_RUNNING = 1


@local_app.command("start")
def start_command(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen at; default: that of the environment.")
    ] = None,
    warm_jvms: Annotated[int, typer.Option(min=0, help="How many JVMs to make ready for the first steps.")] = 1,
    env: EnvironmentOption = None,
) -> None:
    """Start emr_local, unless it runs, and make the sample data that is missing. It stays until `local stop`; `run`, `ui` and `airflow dags test` use it and its warm JVMs."""
    console, project = Console(), load_project(env)
    url = _wanted_url(project, port)
    state = made_state_folder(project, url)
    with show_waiting("starting emr_local", console), gate(state.path):
        running = find_own_url(state, url)
        if running is None:
            where = _start(state, url, warm_jvms, console)
        else:
            state.keep()
            where = running
    _say(console, f"emr_local {'runs already' if running else 'runs'} at {where} until `emr-pipelines local stop`")
    _describe(state, console)
    if port is not None and running is not None and running != url:
        _say(console, f"It is not at port {port}; to have it there: emr-pipelines local stop, then start it again")
    if where != project.environment.connection.endpoint_url:
        _say(console, 'Terminals in which Airflow is used need its place: eval "$(emr-pipelines env)"')
    environment = at_url(project, where).environment
    provide_sample_data(s3_client(environment), environment, environment.sample_data, project.root, console)


@local_app.command("status")
def status_command(env: EnvironmentOption = None) -> None:
    """Say whether emr_local runs, whose it is and who uses it. Exits with 1 when it does not run."""
    console, project = Console(), load_project(env)
    state = state_folder_of(project.root)
    record = find_own_server(state)
    if record is None:
        _say(console, f"No emr_local runs for {state.path}. Start it: emr-pipelines local start")
        raise typer.Exit(_NOT_RUNNING)
    _say(console, f"emr_local runs at {record.url} {_until(record, state)}")
    _describe(state, console)


@local_app.command("stop")
def stop_command(
    force: Annotated[bool, typer.Option("--force", help="Also while others use it; their runs then fail.")] = False,
    env: EnvironmentOption = None,
) -> None:
    """Stop emr_local, with all of its clusters' steps, unless somebody uses it. Its data stays."""
    console, project = Console(), load_project(env)
    state = state_folder_of(project.root)
    record = state.read_record()
    if record is None:
        _say(console, f"No emr_local runs for {state.path}")
        return
    with gate(state.path):
        users = list_users(state.path)
        if users and not force:
            used_by = "; ".join(user.describe() for user in users)
            raise EmrPipelinesError(
                f"The emr_local at {record.url} is in use by {used_by}. Wait for it, or stop it all the same with --force"
            )
        with show_waiting("stopping emr_local", console):
            stop_server(record, state)
    _say(console, f"emr_local at {record.url} is stopped; its data stays in {state.path}")


def _start(state: StateFolder, url: str, warm_jvms: int, console: Console) -> str:
    """Start a server that stays, and give its URL once it answers. One that nobody waits for any more is not left behind."""
    options = ServerOptions(warm_jvms=warm_jvms, while_used=False)
    started = start_server(state, url, options, lambda words: _say(console, words))
    try:
        started.wait_until_ready()
    except BaseException:
        started.stop()
        raise
    return started.url


def _wanted_url(project: Project, port: int | None) -> str:
    url = project.environment.connection.endpoint_url
    if url is None or not is_loopback(url):
        raise EmrPipelinesError(
            f"The environment {project.environment.name} has its endpoint {f'at {url}' if url else 'on AWS'}, not on this machine; "
            "choose one of this machine with --env"
        )
    return url if port is None else f"{url.rpartition(':')[0]}:{port}"


def _describe(state: StateFolder, console: Console) -> None:
    """Whose server it is, as its record says, and who uses it."""
    record = state.read_record()
    _say(console, f"    state    {state.path}")
    if record is not None:
        _say(console, f"    log      {record.log or 'the terminal that it was started in'}")
        _say(console, f"    owner    {record.describe()}")
    for user in list_users(state.path):
        _say(console, f"    used by  {user.describe()}")


def _until(record: ServerRecord, state: StateFolder) -> str:
    if state.is_kept or (not record.while_used and _is_server_log(record, state)):
        return "until `emr-pipelines local stop`"
    return "until its last user has left" if record.while_used else "until it is stopped where it was started"


def _is_server_log(record: ServerRecord, state: StateFolder) -> bool:
    return record.log is not None and Path(record.log) == state.log_file.resolve()


def _say(console: Console, words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)
