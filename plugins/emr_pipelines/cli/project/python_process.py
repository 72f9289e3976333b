"""What every Python process that the command line starts needs: where to import this package from, and compiled modules that are kept."""

from __future__ import annotations

from pathlib import Path

# Where this package was imported from; what child processes need on their path to import the same.
PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
# Airflow is thousands of modules. Where this variable is set, as in many containers, each process compiles them anew: 7 s of CPU instead of 2.
WRITE_BYTE_CODE = {"PYTHONDONTWRITEBYTECODE": ""}
