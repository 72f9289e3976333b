"""Who is told when a cluster idles, its HDFS fills up, or a step or cluster fails. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.template_terms import Resources, allow, policy, ref, skipped_checks, sub, tags

TOPIC = "Topic"
_PERIOD_SECONDS = 300  # EMR sends its metrics every five minutes
_IDLE_PERIODS = 12
_HDFS_PERCENT = 80
_HDFS_PERIODS = 3


def alarm_resources(options: StackOptions) -> Resources:
    """The alarms; with somebody to notify also the rules for failures and, for an e-mail address, a topic."""
    actions = [] if options.notify is None else [topic(options)]
    resources: Resources = {
        "ClusterIdle": _alarm(
            "IsIdle", 1, _IDLE_PERIODS, "A cluster has done nothing for an hour. It costs money; end it.", actions
        ),
        "HdfsFull": _alarm(
            "HDFSUtilization",
            _HDFS_PERCENT,
            _HDFS_PERIODS,
            f"The HDFS of a cluster is {_HDFS_PERCENT} % full. Add core nodes or disk before steps fail.",
            actions,
        ),
    }
    if options.notify is None:
        return resources
    resources |= {"StepFailed": _step_failed(options), "ClusterFailed": _cluster_failed(options)}
    return resources | ({} if options.notify.startswith("arn:") else _topic_resources(options.notify))


def topic(options: StackOptions) -> Any:
    """The topic that is told: one that exists, or the stack's own."""
    return options.notify if options.notify and options.notify.startswith("arn:") else ref(TOPIC)


def _alarm(metric: str, threshold: int, periods: int, text: str, actions: list[Any]) -> dict[str, Any]:
    # EMR's metrics carry the id of a cluster and nothing else, and clusters come and go: one query over all of them, each judged by itself.
    query = f'SELECT MAX({metric}) FROM SCHEMA("AWS/ElasticMapReduce", JobFlowId) GROUP BY JobFlowId'  # noqa: S608 - no database; the metric is a constant
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": text,
            "Metrics": [{"Id": "clusters", "Expression": query, "Period": _PERIOD_SECONDS, "ReturnData": True}],
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            "TreatMissingData": "notBreaching",
            "AlarmActions": actions,
        },
    }


def _step_failed(options: StackOptions) -> dict[str, Any]:
    # Our steps' names end in their key.
    detail = {"state": ["FAILED"], "name": [{"wildcard": "*[k:*]"}]}
    text = (
        "Step <step> (<name>) of cluster <cluster> failed. `emr-pipelines` puts the probable cause into the task's log."
    )
    fields = {"step": "$.detail.stepId", "name": "$.detail.name", "cluster": "$.detail.clusterId"}
    return _event_rule(options, "EMR Step Status Change", detail, text, fields)


def _cluster_failed(options: StackOptions) -> dict[str, Any]:
    detail = {"state": ["TERMINATED_WITH_ERRORS"], "name": [{"prefix": "emr-pipelines/"}]}
    text = "Cluster <cluster> (<name>) ended with errors."
    return _event_rule(
        options, "EMR Cluster State Change", detail, text, {"name": "$.detail.name", "cluster": "$.detail.clusterId"}
    )


def _event_rule(
    options: StackOptions, kind: str, detail: dict[str, Any], text: str, fields: dict[str, str]
) -> dict[str, Any]:
    message = {"InputPathsMap": fields, "InputTemplate": f'"{text}"'}
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": f"{kind} of pipelines",
            "EventPattern": {"source": ["aws.emr"], "detail-type": [kind], "detail": detail},
            "State": "ENABLED",
            "Targets": [{"Id": "topic", "Arn": topic(options), "InputTransformer": message}],
        },
    }


def _topic_resources(address: str) -> Resources:
    alarms = _may_publish("Alarms", "cloudwatch.amazonaws.com")
    own_alarms = sub("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*")
    alarms["Condition"] = {"ArnLike": {"aws:SourceArn": own_alarms}}
    # No condition here: EventBridge does not promise to say for whom it publishes.
    rules = _may_publish("Rules", "events.amazonaws.com")
    properties = {"Subscription": [{"Protocol": "email", "Endpoint": address}], "Tags": tags("topic")}
    return {
        TOPIC: {
            "Type": "AWS::SNS::Topic",
            "Metadata": skipped_checks(
                CKV_AWS_26="the messages hold ids and names, no data; CloudWatch cannot publish to a topic under the aws/sns key"
            ),
            "Properties": properties,
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [ref(TOPIC)], "PolicyDocument": policy(alarms, rules)},
        },
    }


def _may_publish(sid: str, service: str) -> dict[str, Any]:
    return {**allow(sid, ["sns:Publish"], ref(TOPIC)), "Principal": {"Service": service}}
