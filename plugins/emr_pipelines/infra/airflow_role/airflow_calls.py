"""Every AWS call that a run, the reaper and `gc` make, and what IAM asks for it. Data only; a test compares it with the source code.

Actions, resources and conditions: AWS, Service Authorization Reference, "Amazon Elastic MapReduce" and "Amazon S3". RunJobFlow and ListClusters know no
resource. A tag's value is a condition on requests (RequestTag) and on clusters (ResourceTag); a cluster's name is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What an action is allowed on; the value is the Sid of the statement."""

    ACCOUNT = "ListClusters"
    LAUNCH = "LaunchTaggedClusters"
    LAUNCH_TAGS = "TagNewClusters"
    SERVICE_ROLES = "PassServiceRole"
    NODE_ROLES = "PassInstanceProfileRole"
    SCALING_ROLES = "PassAutoScalingRole"
    SECURITY_CONFIGURATIONS = "MakeSecurityConfigurations"
    ANY_CLUSTER = "DescribeClusters"
    OWN_CLUSTERS = "EndOwnClusters"
    OWN_STEPS = "WatchStepsOfOwnClusters"
    OWN_SUBMISSIONS = "SubmitStepsToOwnClusters"
    SHARED_STEPS = "WatchStepsOfLongRunningClusters"
    SHARED_SUBMISSIONS = "SubmitStepsToLongRunningClusters"
    BUCKETS = "ListBuckets"
    INPUTS = "ListInputs"
    UPLOADS = "FindAbandonedUploads"
    CODE = "PublishCode"
    PLANS = "PublishPlans"
    ATTEMPTS = "ReadAttempts"
    RECORDS = "RecordAttempts"
    GARBAGE = "DeleteGarbage"
    PUBLISHED = "PublishOutputs"
    LOGS = "ReadLogs"
    KEYS = "UseNamedKeys"
    SECRETS = "ReadSecrets"
    PARAMETERS = "ReadParameters"
    SAMPLE_BUCKETS = "MakeSampleBuckets"
    SAMPLES = "MakeSampleData"


@dataclass(frozen=True, slots=True)
class Right:
    """An IAM action in a scope."""

    action: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCall:
    """A method of boto3's `service` client that a room of the package calls, why it does, and all that IAM asks for it."""

    room: str
    service: str
    method: str
    why: str
    rights: tuple[Right, ...]


def _emr(method: str, why: str, action: str, *scopes: Scope, more: tuple[Right, ...] = ()) -> AwsCall:
    rights = tuple(Right(f"elasticmapreduce:{action}", scope) for scope in scopes)
    return AwsCall(room="emr", service="emr", method=method, why=why, rights=(*rights, *more))


def _s3(room: str, method: str, why: str, *rights: tuple[str, Scope], more: tuple[Right, ...] = ()) -> AwsCall:
    return AwsCall(
        room=room,
        service="s3",
        method=method,
        why=why,
        rights=(*(Right(f"s3:{action}", scope) for action, scope in rights), *more),
    )


_EMR_CALLS = (
    _emr("list_clusters", "find a run's cluster, and those that expired", "ListClusters", Scope.ACCOUNT),
    _emr(
        "run_job_flow",
        "make a run's cluster; its tags and roles are rights of their own",
        "RunJobFlow",
        Scope.LAUNCH,
        more=(
            Right("elasticmapreduce:AddTags", Scope.LAUNCH_TAGS),
            Right("iam:PassRole", Scope.SERVICE_ROLES),
            Right("iam:PassRole", Scope.NODE_ROLES),
            Right("iam:PassRole", Scope.SCALING_ROLES),
        ),
    ),
    _emr(
        "describe_security_configuration",
        "see whether what a spec holds was made before",
        "DescribeSecurityConfiguration",
        Scope.SECURITY_CONFIGURATIONS,
    ),
    _emr("create_security_configuration", "make it", "CreateSecurityConfiguration", Scope.SECURITY_CONFIGURATIONS),
    # Without a condition on tags: a cluster that only has a name of ours is known by its tags, which this call alone tells.
    _emr("describe_cluster", "see a cluster's tags, state and reason", "DescribeCluster", Scope.ANY_CLUSTER),
    _emr("terminate_job_flows", "end a run's cluster", "TerminateJobFlows", Scope.OWN_CLUSTERS),
    _emr(
        "set_termination_protection",
        "end a run's cluster that was protected",
        "SetTerminationProtection",
        Scope.OWN_CLUSTERS,
    ),
    _emr(
        "add_job_flow_steps", "submit a step", "AddJobFlowSteps", Scope.OWN_SUBMISSIONS, Scope.SHARED_SUBMISSIONS
    ),
    _emr("list_steps", "find what was submitted before", "ListSteps", Scope.OWN_STEPS, Scope.SHARED_STEPS),
    _emr("describe_step", "watch a step", "DescribeStep", Scope.OWN_STEPS, Scope.SHARED_STEPS),
    _emr("cancel_steps", "cancel a step", "CancelSteps", Scope.OWN_STEPS, Scope.SHARED_STEPS),
)  # fmt: skip

# Who may list a bucket is told that an object is missing (404), others get 403; what is not there yet is looked for in all of these places.
_LISTED = ("ListBucket", Scope.BUCKETS)

# S3 asks KMS in the caller's name for what lies there encrypted.
_DECRYPT = Right("kms:Decrypt", Scope.KEYS)

_S3_CALLS = (
    _s3("storage", "head_object", "see whether the code is there", ("GetObject", Scope.CODE), _LISTED),
    _s3("storage", "put_object", "upload the code", ("PutObject", Scope.CODE)),
    _s3("storage", "put_object", "leave the plan", ("PutObject", Scope.PLANS)),
    _s3("storage", "put_object", "say who watches a step, and which attempt counts", ("PutObject", Scope.RECORDS)),
    _s3("storage", "put_object", "say which output of a step is the latest", ("PutObject", Scope.RECORDS)),
    _s3("storage", "get_object", "read these records", ("GetObject", Scope.ATTEMPTS), _LISTED),
    _s3("storage", "list_objects_v2", "look for inputs", ("ListBucket", Scope.INPUTS), _LISTED),
    _s3("storage", "list_objects_v2", "verify outputs, find garbage", _LISTED),
    _s3(
        "storage",
        "copy",
        "publish an output; large objects in parts, whose upload is taken back when it fails",
        ("GetObject", Scope.ATTEMPTS),
        ("PutObject", Scope.PUBLISHED),
        ("AbortMultipartUpload", Scope.PUBLISHED),
        more=(_DECRYPT, Right("kms:GenerateDataKey", Scope.KEYS)),
    ),
    _s3("storage", "get_object", "read whose a published prefix is", ("GetObject", Scope.PUBLISHED), _LISTED),
    _s3("storage", "head_object", "see that it is still ours", ("GetObject", Scope.PUBLISHED), _LISTED),
    _s3("storage", "put_object", "say that it is ours", ("PutObject", Scope.PUBLISHED)),
    _s3("storage", "delete_object", "remove what was published before", ("DeleteObject", Scope.PUBLISHED)),
    _s3("storage", "delete_objects", "delete failed attempts", ("DeleteObject", Scope.GARBAGE)),
    _s3("storage", "list_multipart_uploads", "find cut-off uploads", ("ListBucketMultipartUploads", Scope.UPLOADS)),
    _s3("storage", "abort_multipart_upload", "remove them", ("AbortMultipartUpload", Scope.GARBAGE)),
    _s3("emr", "get_object", "read a failure's logs", ("GetObject", Scope.LOGS), _LISTED, more=(_DECRYPT,)),
    _s3("emr", "list_objects_v2", "find the logs of containers", _LISTED),
    _s3("cli", "head_bucket", "see whether a sample's bucket is there", _LISTED),
    _s3("cli", "create_bucket", "make it", ("CreateBucket", Scope.SAMPLE_BUCKETS)),
    _s3("cli", "list_objects_v2", "see whether the sample is there", _LISTED),
    _s3("cli", "upload_file", "make it", ("PutObject", Scope.SAMPLES)),
)

# Passwords of Kerberos, which specs name.
_SECRET_CALLS = (
    AwsCall(
        room="emr",
        service="secretsmanager",
        method="get_secret_value",
        why="read a password for a launch",
        rights=(Right("secretsmanager:GetSecretValue", Scope.SECRETS),),
    ),
    AwsCall(
        room="emr",
        service="ssm",
        method="get_parameter",
        why="read a password for a launch",
        rights=(Right("ssm:GetParameter", Scope.PARAMETERS),),
    ),
)

AWS_CALLS = (*_EMR_CALLS, *_S3_CALLS, *_SECRET_CALLS)
