"""`emr-pipelines local start | status | stop`: an emr_local that outlives the shell, for all that uses it after that."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from emr_pipelines.cli.local.endpoint import at_port, at_url, find_local_endpoint, find_own_server, find_own_url
from emr_pipelines.cli.local.sample_data import provide_sample_data
from emr_pipelines.cli.local.server import ServerOptions, made_state_folder, start_server, stop_server
from emr_pipelines.cli.local.state_folder import ServerRecord, StateFolder, state_folder_of
from emr_pipelines.cli.local.users import gate, list_users
from emr_pipelines.cli.project.aws_clients import emr_api, s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.emr.busy_clusters import find_busy_clusters
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError

local_app = typer.Typer(
    name="local",
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
    """Start emr_local, unless it runs, and make the sample data that is missing. It stays until `local stop`; `run`, `ui` and `airflow dags test` use it and its warm JVMs.

    Example: emr-pipelines local start --port 5577
    """
    console, project = plain_console(), load_project(env)
    url = _wanted_url(project, port)
    state = made_state_folder(project, url)
    with show_waiting("starting emr_local", console), gate(state.path):
        running = find_own_url(state, url)
        if running is None:
            where = _start(
                state,
                url,
                ServerOptions(warm_jvms=warm_jvms, while_used=False, must_be_there=port is not None),
                console,
            )
        else:
            _refuse_another(running, state, port)
            state.keep()
            where = running
    _say(console, f"emr_local {'runs already' if running else 'runs'} at {where} until `emr-pipelines local stop`")
    _describe(state, console)
    if where != project.environment.connection.endpoint_url:
        _say(console, 'Terminals in which Airflow is used need its place: eval "$(emr-pipelines env)"')
    environment = at_url(project, where).environment
    provide_sample_data(s3_client(environment), environment, environment.sample_data, project.root, console)


@local_app.command("status")
def status_command(env: EnvironmentOption = None) -> None:
    """Say whether emr_local runs, whose it is and who uses it. Exits with 1 when it does not run.

    Example: emr-pipelines local status
    """
    console, project = plain_console(), load_project(env)
    state = state_folder_of(project.root)
    record = find_own_server(state)
    if record is None:
        _describe_another(project, state, console)
        return
    _say(console, f"emr_local runs at {record.url} {_until(record, state)}")
    _describe(state, console)


@local_app.command("stop")
def stop_command(
    force: Annotated[bool, typer.Option("--force", help="Also while others use it; their runs then fail.")] = False,
    env: EnvironmentOption = None,
) -> None:
    """Stop emr_local, with all of its clusters' steps, unless somebody uses it. Its data stays.

    Example: emr-pipelines local stop
    """
    console, project = plain_console(), load_project(env)
    state = state_folder_of(project.root)
    record = state.read_record()
    if record is None:
        _say(console, f"No emr_local runs for {state.path}")
        return
    with gate(state.path):
        used_by = [] if force else [user.describe() for user in list_users(state.path)] + _list_work(project, record)
        if used_by:
            raise EmrPipelinesError(
                f"The emr_local at {record.url} is in use by {'; '.join(used_by)}. Wait for it, or stop it all the same with --force"
            )
        with show_waiting("stopping emr_local", console):
            stop_server(record, state)
    _say(console, f"emr_local at {record.url} is stopped; its data stays in {state.path}")


def _describe_another(project: Project, state: StateFolder, console: Console) -> None:
    """Say what answers at the environment's endpoint when no server of this project does that can be seen from here. Raises EmrPipelinesError for what is no emr_local."""
    url = project.environment.connection.endpoint_url
    answering = find_local_endpoint(url) if url is not None and is_loopback(url) else None
    if answering is not None and answering.keeps(state):
        _say(console, f"emr_local runs at {answering.url} until it is stopped where it was started ({answering.owner})")
        return
    _say(console, f"No emr_local runs for {state.path}. Start it: emr-pipelines local start")
    if answering is not None:
        _say(
            console, f"{url} is the emr_local of another project ({answering.owner}); this one's will take a free port"
        )
    raise typer.Exit(_NOT_RUNNING)


def _list_work(project: Project, record: ServerRecord) -> list[str]:
    """The clusters that work: those of `airflow dags test`, of a scheduler or of a client of EMR, none of which says that it uses the server."""
    if find_local_endpoint(record.url) is None:  # it hangs; nothing of it goes on
        return []
    return [cluster.describe() for cluster in find_busy_clusters(emr_api(at_url(project, record.url).environment))]


def _refuse_another(running: str, state: StateFolder, port: int | None) -> None:
    """Raise EmrPipelinesError when the server that runs cannot be the one that is asked for: one at that port, which stays until `local stop`."""
    record = state.read_record()
    if record is None:  # in another container, where its record is not to be seen
        raise EmrPipelinesError(
            f"emr_local runs at {running} in another container, with the state in {state.path}: use it as it is, or stop it where it was started"
        )
    if state.is_foreground(record):
        raise EmrPipelinesError(
            f"emr_local runs at {running} in the foreground of another program ({record.describe()}), and ends with it. "
            "Use it as it is; to have one that stays: emr-pipelines local stop, then emr-pipelines local start"
        )
    if port is not None and urlsplit(running).port != port:
        raise EmrPipelinesError(
            f"emr_local already runs at {running}, not at port {port} ({record.describe()}). "
            f"To have it there: emr-pipelines local stop, then emr-pipelines local start --port {port}"
        )


def _start(state: StateFolder, url: str, options: ServerOptions, console: Console) -> str:
    """Start a server that stays, and give its URL once it answers. One that nobody waits for any more is not left behind."""
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
    return url if port is None else at_port(url, port)


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
    if state.is_foreground(record):
        return "until it is stopped where it was started"
    return (
        "until its last user has left"
        if record.while_used and not state.is_kept
        else "until `emr-pipelines local stop`"
    )


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)
