"""The registry of all rules. An id stays the same for ever; a rule runs on the part of a spec that fits its model."""

from __future__ import annotations

from emr_pipelines.errors import Problem
from emr_pipelines.spec import (
    rules_arguments,
    rules_capacity,
    rules_cluster,
    rules_files,
    rules_graph,
    rules_overrides,
    rules_params,
    rules_placeholders,
    rules_schedule,
    rules_steps,
)
from emr_pipelines.spec.context import Context, Rule

RULES: tuple[Rule, ...] = (
    Rule(id="file-name", check=rules_schedule.check_file_name),
    Rule(id="schedule", check=rules_schedule.check_schedule),
    Rule(id="dates", check=rules_schedule.check_dates),
    Rule(id="continuous", check=rules_schedule.check_continuous),
    Rule(id="param-type", check=rules_params.check_types),
    Rule(id="param-constraint", check=rules_params.check_constraints),
    Rule(id="param-value", check=rules_params.check_values),
    Rule(id="param-default", check=rules_params.check_default_given),
    Rule(id="param-year", check=rules_params.check_year),
    Rule(id="param-year-range", check=rules_params.check_year_range),
    Rule(id="long-running-cluster", check=rules_cluster.check_long_running),
    Rule(id="cluster-required", check=rules_cluster.check_required),
    Rule(id="idle-timeout", check=rules_cluster.check_idle_timeout),
    Rule(id="step-concurrency", check=rules_cluster.check_step_concurrency),
    Rule(id="applications", check=rules_cluster.check_applications),
    Rule(id="spark-installed", check=rules_cluster.check_spark_installed),
    Rule(id="tags", check=rules_cluster.check_tags),
    Rule(id="fleet-or-group", check=rules_capacity.check_one_form),
    Rule(id="instance-types", check=rules_capacity.check_types_given),
    Rule(id="instance-types-unique", check=rules_capacity.check_types_unique),
    Rule(id="primary", check=rules_capacity.check_primary),
    Rule(id="fleet-capacity", check=rules_capacity.check_fleet_capacity),
    Rule(id="spot", check=rules_capacity.check_spot),
    Rule(id="managed-scaling", check=rules_capacity.check_managed_scaling),
    Rule(id="override-key", check=rules_overrides.check_keys),
    Rule(id="override-reserved", check=rules_overrides.check_reserved),
    Rule(id="override-idle-timeout", check=rules_overrides.check_idle_timeout_kept),
    Rule(id="step-kind", check=rules_steps.check_one_kind),
    Rule(id="step-name", check=rules_steps.check_unique_names),
    Rule(id="step-name-reserved", check=rules_steps.check_reserved_names),
    Rule(id="step-count", check=rules_steps.check_step_count),
    Rule(id="spark-program", check=rules_steps.check_spark_program),
    Rule(id="spark-program-suffix", check=rules_steps.check_program_suffix),
    Rule(id="spark-conf", check=rules_steps.check_spark_conf),
    Rule(id="spark-packages", check=rules_steps.check_packages),
    Rule(id="publish", check=rules_steps.check_publish),
    Rule(id="known-step", check=rules_graph.check_known_steps),
    Rule(id="step-cycle", check=rules_graph.check_cycles),
    Rule(id="step-order", check=rules_graph.check_order),
    Rule(id="step-output", check=rules_graph.check_outputs_declared),
    Rule(id="from-step", check=rules_graph.check_from_step_alone),
    Rule(id="jinja", check=rules_placeholders.check_jinja),
    Rule(id="placeholder-form", check=rules_placeholders.check_form),
    Rule(id="placeholder-name", check=rules_placeholders.check_names),
    Rule(id="placeholder-place", check=rules_placeholders.check_places),
    Rule(id="empty-argument", check=rules_arguments.check_empty),
    Rule(id="yarn-braces", check=rules_arguments.check_yarn_braces),
    Rule(id="argument-length", check=rules_arguments.check_length),
    Rule(id="secret", check=rules_arguments.check_secrets),
    Rule(id="address", check=rules_files.check_addresses),
    Rule(id="project-path-fixed", check=rules_files.check_programs_fixed),
    Rule(id="project-file", check=rules_files.check_project_files),
)


def find_problems(context: Context) -> list[Problem]:
    """Run every rule."""
    return [problem for rule in RULES for problem in rule.problems(context)]
