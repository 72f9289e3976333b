"""The ports of the project's own Airflow: all are on this machine, and all are looked at before anything starts."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from emr_pipelines.cli.local.endpoint import is_taken
from emr_pipelines.errors import EmrPipelinesError

_HOST = "127.0.0.1"
PORT_VARIABLE = "AIRFLOW__API__PORT"
DEFAULT_PORT = 8080
# Where the scheduler and the triggerer serve the logs of what runs.
_LOG_PORT_VARIABLES = ("AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT")


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowPorts:
    """The ports of the page, of the server that the tasks speak to, and of the two that serve logs."""

    page: int
    tasks: int
    logs: tuple[int, int]

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://localhost:{self.page}"

    def variables(self) -> dict[str, str]:
        """As Airflow's variables. Its tasks look for its API at port 8080 unless they are told."""
        return {
            PORT_VARIABLE: str(self.page),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{self.tasks}/execution/",
            **dict(zip(_LOG_PORT_VARIABLES, map(str, self.logs), strict=True)),
        }


def choose_ports(given: int | None, *, any_page: bool = False) -> AirflowPorts:
    """The given one, or that of the variable, for the page, else 8080, or with `any_page` a free one; free ones for all others that no variable names.

    Raises EmrPipelinesError when a named one is taken.
    """
    page = free_port() if any_page else given or int(os.environ.get(PORT_VARIABLE) or DEFAULT_PORT)
    if is_taken(_HOST, page) or is_taken("localhost", page):
        raise EmrPipelinesError(
            f"Port {page} is taken, so Airflow's page cannot be there; nothing was started. "
            "Stop what listens there (perhaps another `emr-pipelines ui`), or choose another port with --port"
        )
    first, second = (_log_port(name) for name in _LOG_PORT_VARIABLES)
    return AirflowPorts(page=page, tasks=free_port(), logs=(first, second))


def free_port() -> int:
    """A port that nothing listens at now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        number: int = probe.getsockname()[1]
        return number


def _log_port(variable: str) -> int:
    given = os.environ.get(variable)
    if not given:
        return free_port()
    if is_taken(_HOST, int(given)):
        raise EmrPipelinesError(f"Port {given}, of {variable}, is taken; nothing was started. Unset it for a free one")
    return int(given)
