"""What a plan's cluster costs: every number of these tests can be computed by hand from the prices at the top."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import pytest
from tests.conftest import REPOSITORY

from emr_pipelines.pipeline_spec.catalog.price_data import PriceFile, read_package_prices, read_prices
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import pipeline_file, pipeline_names
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.cost.estimate import CostEstimate, estimate_cost
from emr_pipelines.plan.cost.prices import price_table
from emr_pipelines.plan.cost.rows import COST_COLUMNS, cost_rows, cost_summary
from emr_pipelines.plan.model import ClusterPlan, ConnectionPlan, Plan

REGION = "us-east-1"


def priced(what: str, **prices: float) -> dict[str, Any]:
    named = {name.replace("_", "."): price for name, price in prices.items()}
    return {"what": what, "region": REGION, "as_of": "2026-03-01", "source": f"{what} of the test", "prices": named}


# EBS for nothing: the other numbers stay round. EMR's fees are listed but for m6i.xlarge and r5.24xlarge.
FREE_EBS = priced("ebs", gp2=0, gp3=0)
ON_DEMAND = priced("on_demand", m5_xlarge=0.2, m5_2xlarge=0.4, m5a_2xlarge=0.36, m6i_xlarge=0.2, r5_24xlarge=6.0)
FEES = priced("emr_fee", m5_xlarge=0.05, m5_2xlarge=0.1, m5a_2xlarge=0.09)
SPOT = {
    "region": REGION,
    "as_of": "2026-03-02",
    "source": "spot of the test",
    "prices": {
        "m5.2xlarge": {
            "us-east-1a": {"minimum": 0.1, "median": 0.12, "maximum": 0.2},
            "us-east-1b": {"minimum": 0.14, "median": 0.15, "maximum": 0.3},
        }
    },
}


def file_of(*lists: dict[str, Any], spot: dict[str, Any] | None = None) -> PriceFile:
    return PriceFile.model_validate(
        {"currency": "USD", "price_lists": list(lists), "spot_lists": [spot] if spot else []}
    )


PRICES = price_table([file_of(FREE_EBS, ON_DEMAND, FEES)])
WITH_SPOT = price_table([file_of(FREE_EBS, ON_DEMAND, FEES, spot=SPOT)])


def group(role: str, kind: str, count: int, **more: Any) -> dict[str, Any]:
    return {"InstanceRole": role, "InstanceType": kind, "InstanceCount": count, "Market": "ON_DEMAND"} | more


def fleet(role: str, *kinds: tuple[str, int], on_demand: int = 0, spot: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "InstanceFleetType": role,
        "TargetOnDemandCapacity": on_demand,
        "TargetSpotCapacity": spot,
        "InstanceTypeConfigs": [{"InstanceType": kind, "WeightedCapacity": weight} | more for kind, weight in kinds],
    }


def plan_of(*parts: dict[str, Any], **request: Any) -> Plan:
    kind = "InstanceFleets" if "InstanceFleetType" in parts[0] else "InstanceGroups"
    body = {"Instances": {kind: list(parts)}, **request}
    return Plan(
        name="priced",
        description="",
        owner="me",
        tags=(),
        schedule=None,
        start_date=None,
        end_date=None,
        catchup=False,
        max_active_runs=1,
        params=(),
        environment="aws",
        connection=ConnectionPlan(id="aws_default", region=REGION),
        bucket="s3://b",
        cluster=ClusterPlan(key="main", request=body, max_lifetime_seconds=10 * 3600),
        steps=(),
        artifacts=(),
        spec_file="x.yaml",
        spec_digest="d",
    )


def bounds(estimate: CostEstimate) -> tuple[float, float | None]:
    assert estimate.per_hour is not None
    return estimate.per_hour.low, estimate.per_hour.high


def summary(estimate: CostEstimate) -> str:
    return "\n".join(f"{label}: {text}" for label, text in cost_summary(estimate))


def test_an_hour_is_the_instances_with_emrs_fee() -> None:
    estimate = estimate_cost(plan_of(group("MASTER", "m5.xlarge", 1), group("CORE", "m5.2xlarge", 3)), PRICES)
    assert bounds(estimate) == pytest.approx((0.25 + 3 * 0.5, 0.25 + 3 * 0.5))
    assert [part.part for part in estimate.parts] == ["primary", "core"]
    assert "an hour: $1.75\n" in summary(estimate)


def test_a_fleet_costs_from_its_cheapest_to_its_dearest_type() -> None:
    estimate = estimate_cost(plan_of(fleet("CORE", ("m5.2xlarge", 1), ("m5a.2xlarge", 1), on_demand=2)), PRICES)
    assert bounds(estimate) == pytest.approx((2 * 0.45, 2 * 0.5))
    (part,) = estimate.parts
    assert (part.low_instances, part.high_instances) == ((("m5a.2xlarge", 2),), (("m5.2xlarge", 2),))


def test_weights_turn_units_into_instances_and_the_last_one_may_go_beyond_them() -> None:
    """3 units of a type of weight 2 are two instances; the dearest way is two small ones and then a big one."""
    plan = plan_of(fleet("CORE", ("m5.xlarge", 1), ("m5.2xlarge", 2), on_demand=3))
    prices = price_table([file_of(FREE_EBS, priced("on_demand", m5_xlarge=0.3, m5_2xlarge=0.4), FEES)])
    estimate = estimate_cost(plan, prices)
    assert bounds(estimate) == pytest.approx((0.35 + 0.5, 3 * 0.35 + 0.15))
    assert estimate.parts[0].high_instances == (("m5.2xlarge", 1), ("m5.xlarge", 2))


@pytest.mark.parametrize("units", [1, 2, 5, 7])
def test_cheapest_and_dearest_are_those_of_all_orders_of_launching(units: int) -> None:
    costs = {"m5.xlarge": (1, 0.25), "m5.2xlarge": (2, 0.5), "m5a.2xlarge": (3, 0.45)}
    possible = set()
    for order in product(costs.values(), repeat=units):
        reached, spent = 0, 0.0
        for weight, cost in order:
            if reached < units:
                reached, spent = reached + weight, spent + cost
        possible.add(spent)
    estimate = estimate_cost(plan_of(fleet("CORE", *((n, w) for n, (w, _) in costs.items()), on_demand=units)), PRICES)
    assert bounds(estimate) == pytest.approx((min(possible), max(possible)))


def test_spot_costs_from_the_least_to_the_greatest_price_of_all_zones_and_its_fee_is_whole() -> None:
    estimate = estimate_cost(plan_of(fleet("TASK", ("m5.2xlarge", 1), spot=10)), WITH_SPOT)
    assert bounds(estimate) == pytest.approx((10 * (0.1 + 0.1), 10 * (0.3 + 0.1)))
    assert estimate.parts[0].on_demand_instead.high == pytest.approx(5.0)
    assert "spot of the test, as of 2026-03-02" in summary(estimate)


def test_without_a_spot_price_the_on_demand_price_is_the_most() -> None:
    estimate = estimate_cost(plan_of(fleet("TASK", ("m5.2xlarge", 1), spot=10)), PRICES)
    assert estimate.per_hour.high == pytest.approx(5.0)
    text = summary(estimate)
    assert "an hour: at most $5.00" in text
    assert "no spot price of m5.2xlarge" in text


@pytest.mark.parametrize(
    ("limit", "most"), [({"BidPrice": "0.25"}, 0.25), ({"BidPriceAsPercentageOfOnDemandPrice": 50.0}, 0.2)]
)
def test_spot_never_costs_more_than_is_bid(limit: dict[str, Any], most: float) -> None:
    plan = plan_of(fleet("TASK", ("m5.2xlarge", 1), spot=1, **limit))
    for prices in (WITH_SPOT, PRICES):
        assert estimate_cost(plan, prices).per_hour.high == pytest.approx(most + 0.1)


def test_a_fleet_that_falls_back_says_what_an_hour_without_spot_capacity_costs() -> None:
    task = fleet("TASK", ("m5.2xlarge", 1), spot=10)
    task["LaunchSpecifications"] = {"SpotSpecification": {"TimeoutAction": "SWITCH_TO_ON_DEMAND"}}
    primary = fleet("MASTER", ("m5.xlarge", 1), on_demand=1)
    assert "an hour without spot capacity: $5.25" in summary(estimate_cost(plan_of(primary, task), WITH_SPOT))
    task["LaunchSpecifications"]["SpotSpecification"]["TimeoutAction"] = "TERMINATE_CLUSTER"
    assert "without spot capacity" not in summary(estimate_cost(plan_of(primary, task), WITH_SPOT))


def test_a_fee_that_no_source_gives_is_a_quarter_and_marked() -> None:
    estimate = estimate_cost(plan_of(group("CORE", "m6i.xlarge", 4)), PRICES)
    assert bounds(estimate) == pytest.approx((4 * 0.25, 4 * 0.25))
    (row,) = cost_rows(estimate)
    assert dict(zip(COST_COLUMNS, row, strict=True))["EMR fee"] == "≈ $0.200"
    text = summary(estimate)
    assert "an hour: ≈ $1.00" in text
    assert "EMR's fee for m6i.xlarge is an estimate" in text


def test_the_estimated_fee_of_an_older_large_type_may_be_capped() -> None:
    estimate = estimate_cost(plan_of(group("CORE", "r5.24xlarge", 1)), PRICES)
    assert bounds(estimate) == pytest.approx((6.27, 7.5))


def test_a_type_without_a_price_is_named_and_makes_every_sum_a_least_one() -> None:
    plan = plan_of(group("MASTER", "m5.xlarge", 1), group("CORE", "m9x.xlarge", 2))
    estimate = estimate_cost(plan, PRICES, hours=2)
    assert bounds(estimate) == (pytest.approx(0.25), None)
    assert estimate.missing == ("the on-demand price of m9x.xlarge", "the EMR fee of m9x.xlarge")
    text = summary(estimate)
    assert "an hour: at least $0.250" in text
    assert "a run: at least $0.500 for 2 h" in text


def test_a_fleet_with_one_type_without_a_price_is_at_least_the_others() -> None:
    estimate = estimate_cost(plan_of(fleet("CORE", ("m5.2xlarge", 1), ("m9x.xlarge", 1), on_demand=2)), PRICES)
    assert bounds(estimate) == (pytest.approx(1.0), None)


def test_a_region_without_prices_costs_at_least_nothing() -> None:
    plan = plan_of(group("CORE", "m5.xlarge", 1))
    estimate = estimate_cost(replace(plan, connection=replace(plan.connection, region="eu-west-3")), PRICES)
    assert bounds(estimate) == (0, None)
    assert "the EBS volumes that EMR adds" in estimate.missing


SCALED = {"UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 20}


def test_managed_scaling_costs_from_its_minimum_to_its_maximum() -> None:
    parts = fleet("MASTER", ("m5.xlarge", 1), on_demand=1), fleet("CORE", ("m5.2xlarge", 1), on_demand=4)
    estimate = estimate_cost(plan_of(*parts, ManagedScalingPolicy={"ComputeLimits": SCALED}), PRICES)
    assert bounds(estimate) == pytest.approx((0.25 + 2 * 0.5, 0.25 + 20 * 0.5))


def test_managed_scaling_buys_above_its_on_demand_limit_as_spot() -> None:
    parts = fleet("CORE", ("m5.2xlarge", 1), on_demand=2), fleet("TASK", ("m5.2xlarge", 1), spot=2)
    limits = SCALED | {"MaximumOnDemandCapacityUnits": 4}
    estimate = estimate_cost(plan_of(*parts, ManagedScalingPolicy={"ComputeLimits": limits}), WITH_SPOT)
    assert bounds(estimate) == pytest.approx((2 * 0.2, 4 * 0.5 + 16 * 0.4))


def test_limits_in_vcpus_leave_the_high_end_open() -> None:
    limits = SCALED | {"UnitType": "VCPU"}
    estimate = estimate_cost(
        plan_of(group("CORE", "m5.xlarge", 2), ManagedScalingPolicy={"ComputeLimits": limits}), PRICES
    )
    assert bounds(estimate) == (pytest.approx(0.5), None)
    assert "limits in vCPUs" in summary(estimate)


def test_automatic_scaling_of_a_group_costs_from_its_least_to_its_greatest_count() -> None:
    scaling = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 5}}
    estimate = estimate_cost(plan_of(group("TASK", "m5.2xlarge", 2, AutoScalingPolicy=scaling)), PRICES)
    assert bounds(estimate) == pytest.approx((0.5, 2.5))


EBS = price_table([file_of(priced("ebs", gp2=0.144, gp3=0.072), ON_DEMAND, FEES, priced("on_demand", m5d_xlarge=0))])


def volumes(**specification: Any) -> dict[str, Any]:
    device = {"VolumeSpecification": specification, "VolumesPerInstance": 2}
    return {"EbsConfiguration": {"EbsBlockDeviceConfigs": [device]}}


def test_volumes_cost_by_the_gb_and_hour_on_every_instance() -> None:
    """720 hours are a month: 0.072 dollars are 0.0001 an hour."""
    plan = plan_of(group("CORE", "m5.xlarge", 3, **volumes(VolumeType="gp3", SizeInGB=100)), EbsRootVolumeSize=50)
    ebs = estimate_cost(plan, EBS).parts[0].ebs
    assert (ebs.low, ebs.high) == pytest.approx((3 * 0.0001 * (2 * 100 + 50), 3 * (0.02 + 50 * 0.0002)))


def test_emr_adds_volumes_to_types_without_disks_only() -> None:
    """15 GB of root, and 64 GB for an xlarge without disks: as gp3 at least, as gp2 at most."""
    plain = estimate_cost(plan_of(group("CORE", "m5.xlarge", 1)), EBS).parts[0].ebs
    with_disks = estimate_cost(plan_of(group("CORE", "m5d.xlarge", 1)), EBS).parts[0].ebs
    assert (plain.low, plain.high) == pytest.approx((0.0001 * (15 + 64), 0.0002 * (15 + 64)))
    assert (with_disks.low, with_disks.high) == pytest.approx((0.0001 * 15, 0.0002 * 15))


@pytest.mark.parametrize(
    ("specification", "missing"),
    [
        ({"VolumeType": "st1"}, "EBS volumes of type st1"),
        ({"VolumeType": "gp3", "Iops": 6000}, "the extra IOPS and throughput of gp3 volumes"),
        ({"VolumeType": "gp3", "Throughput": 500}, "the extra IOPS and throughput of gp3 volumes"),
    ],
)
def test_volumes_that_have_no_price_are_named(specification: dict[str, Any], missing: str) -> None:
    estimate = estimate_cost(plan_of(group("CORE", "m5.xlarge", 1, **volumes(SizeInGB=10, **specification))), EBS)
    assert estimate.missing == (missing,)
    assert estimate.per_hour.high is None


def test_a_faster_root_volume_has_no_price() -> None:
    estimate = estimate_cost(plan_of(group("CORE", "m5.xlarge", 1), EbsRootVolumeIops=6000), EBS)
    assert estimate.missing == ("the extra IOPS and throughput of root volumes",)


PLAIN = plan_of(group("MASTER", "m5.xlarge", 1))


def test_a_run_is_billed_by_the_second_and_a_minute_at_least() -> None:
    assert estimate_cost(PLAIN, PRICES, hours=1.5).per_run.high == pytest.approx(0.375)
    assert estimate_cost(PLAIN, PRICES, hours=90.5 / 3600).per_run.high == pytest.approx(0.25 * 91 / 3600)
    assert estimate_cost(PLAIN, PRICES, hours=0.001).per_run.high == pytest.approx(0.25 / 60)


def test_the_expected_duration_of_the_spec_holds_until_another_one_is_asked_for() -> None:
    plan = replace(PLAIN, expected_duration_seconds=1800)
    estimate = estimate_cost(plan, PRICES, runs=21)
    assert (estimate.per_run.high, estimate.total.high) == pytest.approx((0.125, 2.625))
    assert "a run: $0.125 for 30 min (the spec's expected_duration)" in summary(estimate)
    assert "21 runs: $2.6" in summary(estimate)
    assert "for 2 h (as asked)" in summary(estimate_cost(plan, PRICES, hours=2))


def test_without_a_duration_only_the_lifetime_bounds_a_run() -> None:
    estimate = estimate_cost(PLAIN, PRICES, runs=21)
    assert (estimate.per_run, estimate.total) == (None, None)
    assert "a run: not known without its duration" in summary(estimate)
    assert "at most $2.50, when it lives for all its max_lifetime of 10 h" in summary(estimate)


def test_a_long_running_cluster_has_no_cost_of_its_own() -> None:
    plan = replace(PLAIN, cluster=ClusterPlan(key="main", existing_name="shared"))
    estimate = estimate_cost(plan, PRICES, hours=3)
    assert (cost_rows(estimate), estimate.per_hour, estimate.total) == ((), None, None)
    assert "long-running cluster shared" in summary(estimate)


def test_on_a_laptop_the_prices_are_still_those_on_aws() -> None:
    local = replace(PLAIN.connection, endpoint_url="http://127.0.0.1:5566")
    text = summary(estimate_cost(replace(PLAIN, connection=local), PRICES))
    assert "an hour: $0.250" in text
    assert "These are prices on AWS" in text
    assert "costs nothing there" in text
    assert "These are prices" not in summary(estimate_cost(PLAIN, PRICES))


def test_every_kind_of_price_comes_with_its_source_and_date() -> None:
    text = summary(estimate_cost(plan_of(fleet("TASK", ("m5.2xlarge", 1), on_demand=1, spot=1)), WITH_SPOT))
    for source in ("on demand: on_demand of the test", "EMR fee: emr_fee of the test", "EBS: ebs of the test"):
        assert f"source: {source}, as of 2026-03-01" in text
    assert "source: spot: spot of the test, as of 2026-03-02" in text


def test_a_request_without_fleets_and_groups_has_no_known_cost() -> None:
    plan = replace(PLAIN, cluster=ClusterPlan(key="main", request={"Instances": {"InstanceCount": 3}}))
    estimate = estimate_cost(plan, PRICES)
    assert bounds(estimate) == (0, None)
    assert "neither fleets nor groups" in summary(estimate)


def test_the_package_prices_every_sample_pipeline() -> None:
    prices = price_table(read_prices(REPOSITORY))
    for name in pipeline_names(REPOSITORY):
        loaded = load_pipeline(pipeline_file(REPOSITORY, name), environment="aws", project_root=REPOSITORY)
        estimate = estimate_cost(build_plan(loaded), prices, hours=1)
        assert estimate.missing == ()
        assert 0 < estimate.per_run.low < estimate.per_run.high
        assert json.loads(json.dumps(asdict(estimate)))["parts"]


def test_the_expected_duration_of_a_spec_reaches_the_plan(plan_text: Callable[[str], Plan]) -> None:
    plan = plan_text("expected_duration: 90m\ncluster: {}\nsteps: [{name: a, command: [echo, hello]}]\n")
    assert plan.expected_duration_seconds == 5400


def test_every_price_of_the_package_has_a_source_and_a_day() -> None:
    lists = read_package_prices().price_lists
    assert {(one.what, one.region) for one in lists} == {(w, REGION) for w in ("on_demand", "emr_fee", "ebs")}
    assert all(one.source and one.as_of.year >= 2021 for one in lists)
