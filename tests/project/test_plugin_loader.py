"""Airflow's plugin loader runs every file under plugins/ by its bare stem; ours must be left alone, or modules get replaced."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLUGINS = Path(__file__).parents[2] / "plugins"

LOAD_PLUGINS = """
import json, sys
from pathlib import Path
from airflow import plugins_manager

folder = Path(sys.argv[1])
stems = {path.stem for path in folder.rglob("*.py")}
standard = {name: module for name, module in sys.modules.items() if name.split(".")[0] in sys.stdlib_module_names}

plugins_manager.ensure_plugins_loaded()

def comes_from_the_folder(module):
    return str(getattr(module, "__file__", None) or "").startswith(str(folder))

leaked = sorted(stem for stem in stems if comes_from_the_folder(sys.modules.get(stem)))
replaced = sorted(name for name, module in standard.items() if sys.modules.get(name) is not module)
import emr_pipelines
print(json.dumps({
    "stems": len(stems),
    "leaked": leaked,
    "replaced": replaced,
    "plugins": [plugin["name"] for plugin in plugins_manager.get_plugin_info() if "emr" in plugin["name"]],
    "errors": plugins_manager.get_import_errors(),
    "imported_from": emr_pipelines.__file__,
}))
"""


def load_plugins(ask_airflow: Callable[..., Any], folder: Path) -> dict[str, Any]:
    return ask_airflow(LOAD_PLUGINS, str(folder), environment={"AIRFLOW__CORE__PLUGINS_FOLDER": str(folder)})


def test_the_plugin_loader_leaves_our_packages_alone_and_they_can_be_imported(ask_airflow):
    loaded = load_plugins(ask_airflow, PLUGINS)

    assert loaded["stems"] > 10
    assert loaded["leaked"] == ["emr_pipelines_plugin"], "the one file that is meant for it"
    assert loaded["plugins"] == ["emr_pipelines"]
    assert loaded["replaced"] == []
    assert loaded["errors"] == {}
    assert Path(loaded["imported_from"]) == PLUGINS / "emr_pipelines" / "__init__.py"


def test_without_the_ignore_file_modules_leak_and_replace_the_standard_library(ask_airflow, tmp_path):
    package = tmp_path / "plugins" / "emr_pipelines"
    shutil.copytree(PLUGINS / "emr_pipelines" / "plan", package / "plan")
    (package / "__init__.py").touch()
    shutil.copy(PLUGINS / "emr_pipelines" / "errors.py", package)
    shutil.copy(PLUGINS / "emr_pipelines" / "errors.py", package / "string.py")

    loaded = load_plugins(ask_airflow, tmp_path / "plugins")

    assert {"errors", "model", "string"} <= set(loaded["leaked"])
    assert loaded["replaced"] == ["string"]
