# Every command of the project. `make demo` and `make test` need Python 3.11 or 3.12 and pip, nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test goldens test-profile test-fresh test-slow test-proofs test-kills test-verdicts test-maven test-airflow-versions test-spark-versions test-template test-least-privilege check docs screenshots bench ui clean upgrade format
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
UV_VERSION := 0.13.8
AIRFLOW_VERSIONS := 3.0.6 3.2.1
SPARK_VERSIONS := 4.1.1
# Where this is set, as in many containers, each process compiles the thousands of modules of Airflow anew: 7 s of CPU instead of 2.
export PYTHONDONTWRITEBYTECODE :=

# Runs $(2) and counts its seconds aloud: in one line on a terminal, in a line each elsewhere.
define show_waiting
	@if [ -t 1 ]; then show='\r  $(1): %d s '; else show='  $(1): %d s\n'; fi; \
	{ seconds=1; while sleep 1; do seconds=$$((seconds + 1)); printf "$$show" $$seconds; done; } & ticker=$$!; \
	trap "kill $$ticker; [ ! -t 1 ] || echo" EXIT; $(2)
endef

# An environment of exactly what the first prerequisite lists.
define sync_environment
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	$(BIN)/uv pip sync --quiet --python $(@D)/bin/python $<
	@touch $@
endef

help:  ## Show the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(VENV)/.installed  ## Run the word-cloud pipeline on this machine and print where its pictures are
	$(BIN)/emr-pipelines run word_clouds --date 2005-01-01

test: $(VENV)/.installed-dev  ## All tests but the slow proofs
	$(BIN)/python -m pytest -m "not slow" -n 4 --dist loadgroup -q

test-fresh: $(VENV)/.installed-dev  ## Every command of the README and of docs/how-to/commands.md, as it is written, on a bare machine: requirements.txt alone, no Java, an empty HOME, a path with spaces (KEEP=1 leaves the folder)
	$(BIN)/python -m tests.fresh

test-profile: $(VENV)/.installed-dev  ## The same, and where its CPU goes: by kind of process, by file, by test
	$(BIN)/python -m pytest -p tests.cost_profile -m "not slow" -n 4 --dist loadgroup -q

test-slow: test-fresh test-proofs test-kills test-verdicts test-maven  ## All slow tests

test-proofs: $(VENV)/.installed-dev  ## The slow tests that need nothing else: whole runs of every pipeline, random interleavings, secrets, long outages; held against the policy that `infra iam` prints
	JUDGE_ACCESSES=1 $(BIN)/python -m pytest -m "slow and not kill and not verdict and not maven and not enforced and not fresh" -n 3 --dist loadgroup -q

test-maven: $(VENV)/.installed-dev  ## The slow tests that fetch jars from Maven Central (380 MB, kept in ~/.ivy2)
	$(BIN)/python -m pytest -m maven -q

test-kills: $(VENV)/.installed-dev  ## Real kills of Airflow's processes and of emr_local under the real scheduler, one after the other; held against the policy that `infra iam` prints
	JUDGE_ACCESSES=1 $(BIN)/python -m pytest tests/kills -q

test-verdicts: $(VENV)/.installed-dev  ## Every way to start a run with everything that may happen to it, under the real scheduler: what docs/explanation/reliability.md promises of a run's verdict
	$(BIN)/python -m pytest tests/verdicts -q

test-airflow-versions: $(addprefix $(VENV)-airflow-,$(addsuffix /.installed,$(AIRFLOW_VERSIONS)))  ## The operator tests on the Airflows of managed services, each in an environment of its own
	$(foreach version,$(AIRFLOW_VERSIONS),$(VENV)-airflow-$(version)/bin/python -m pytest -m "not slow" -n 2 -q tests/dag tests/reliability &&) true

test-spark-versions: $(VENV)/.installed-dev $(addprefix $(VENV)-spark-,$(addsuffix /.installed,$(SPARK_VERSIONS)))  ## All tests of the jobs, on the pinned Spark and on Spark 4, which has an environment of its own
	$(foreach bin,$(BIN) $(addprefix $(VENV)-spark-,$(addsuffix /bin,$(SPARK_VERSIONS))),$(bin)/python -m pytest -m "not maven" -n 2 --dist loadgroup -q tests/jobs &&) true

test-least-privilege: $(VENV)/.installed-dev  ## Every run of the fault and integration tests held against the policy that `infra iam` prints for it; the sample pipelines under it, with nothing else allowed
	JUDGE_ACCESSES=1 $(BIN)/python -m pytest -m "enforced or not slow" -n 4 --dist loadgroup -q tests/reliability tests/integration tests/iam/test_sample_pipelines.py

test-template: $(VENV)/.installed-dev $(VENV)-checkov/.installed  ## checkov over every variant of the infrastructure's template, in an environment of its own
	$(BIN)/python -m tests.infra.template_variants $(VENV)-checkov/templates
	LOG_LEVEL=ERROR $(VENV)-checkov/bin/checkov --framework cloudformation --skip-download --compact --quiet --directory $(VENV)-checkov/templates

check: $(VENV)/.installed-dev  ## Lint, types, import rules, drift of what is generated (schema, tables, reference pages), validity of the specs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=include/pyspark $(BIN)/lint-imports --no-cache
	$(BIN)/emr-pipelines schema --check
	$(BIN)/python -m tests.reliability.table --check
	$(BIN)/python -m tests.verdicts.matrix --check
	$(BIN)/python -m docs_site.generate --check
	$(BIN)/emr-pipelines validate

docs: $(VENV)/.installed-dev  ## The documentation as a site in site/, with every link checked; it needs no network, neither here nor where it is read
	$(BIN)/python -m docs_site.generate
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --strict
	@echo "The documentation: $(CURDIR)/site/index.html"

screenshots: $(VENV)/.installed-dev  ## The README's pictures of terminals, anew from what the commands print
	$(BIN)/python -m docs_site.screenshots

goldens: $(VENV)/.installed-dev  ## Write all golden files anew and show which changed
	$(BIN)/python -m tests.goldens

format: $(VENV)/.installed-dev  ## Format, sort imports, wrap the pages
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m docs_site.rewrap

bench: $(VENV)/.installed-dev  ## Measure: the first minute, local step start and the loop of editing a job; EMR calls and recovery from kill -9 against the provider's operators (JSON=folder: also as files)
	$(if $(JSON),mkdir -p $(JSON))
	$(BIN)/python -m benchmarks.first_minute $(if $(JSON),--json $(JSON)/first_minute.json)
	$(BIN)/python -m benchmarks.step_start $(if $(JSON),--json $(JSON)/step_start.json)
	$(BIN)/python -m benchmarks.step_loop $(if $(JSON),--json $(JSON)/step_loop.json)
	$(BIN)/python -m benchmarks.api_calls $(if $(JSON),--json $(JSON)/api_calls.json)
	$(BIN)/python -m benchmarks.recovery $(if $(JSON),--json $(JSON)/recovery.json)

ui: $(VENV)/.installed  ## emr_local and Airflow's UI at http://localhost:8080, until Ctrl-C
	$(BIN)/emr-pipelines ui

clean:  ## Remove the environment, Airflow's home and emr_local's state
	rm -rf $(VENV) $(VENV)-airflow-* $(VENV)-spark-* $(VENV)-checkov .airflow .emr_local .mypy_cache .ruff_cache .pytest_cache site

upgrade: $(VENV)/.installed-dev  ## Pin the newest versions that the requirements allow
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate --custom-compile-command "make upgrade" requirements-dev.txt -o constraints.txt

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 13)) and f"Python 3.11 or 3.12 is needed, this is {sys.version.split()[0]}; name another with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)-airflow-%/.installed: tests/airflow_versions/airflow-%.txt | $(BIN)/uv
	$(sync_environment)

$(VENV)-spark-%/.installed: tests/spark_versions/spark-%.txt | $(BIN)/uv
	$(sync_environment)

$(VENV)-checkov/.installed: tests/infra/checkov.txt | $(BIN)/uv
	$(sync_environment)

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml | $(BIN)/uv
	@echo "Installing what the project needs into $(VENV) …"
	$(call show_waiting,installing,$(UV) --constraint constraints.txt --requirement requirements.txt --editable .)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(UV) --constraint constraints.txt --requirement requirements-dev.txt
	$(call show_waiting,archive of Spark classes (the tests start many JVMs),$(BIN)/python -m emr_local --make-class-archive)
	@touch $@
