"""Runs the command line: `python -m emr_pipelines …`."""

from __future__ import annotations

from emr_pipelines.cli.main import main

if __name__ == "__main__":
    main()
