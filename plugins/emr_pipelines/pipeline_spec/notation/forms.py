"""The forms of texts in specs: each a regular expression, with words for people who got it wrong. Pure data."""

from __future__ import annotations

NAME = r"^[a-z][a-z0-9_]{0,62}$"
# What ends within the years that a date can have, so that adding it to a date never fails.
DURATION = r"^([1-9][0-9]{0,6}[smh]|[1-9][0-9]{0,2}d)$"
AUTO = r"^auto$"
MEMORY = r"^[1-9][0-9]*[kmgtKMGT]$"
INSTANCE_TYPE = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
PRICE = r"^[0-9]+(\.[0-9]+)?$"
CLUSTER_ID = r"^j-[A-Z0-9]+$"
RELEASE = r"^emr-(spark-)?[0-9]+\.[0-9]+\.[0-9]+$"
LOG_URI = r"^(s3://[^/]|\$\{env\.)"
WORD = r"^[a-z][a-z0-9_]*$"
ROLE = r"^(arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/${}-]+|\$\{env\.[A-Za-z0-9_]+\})$"
_ENV = r"\$\{env\.[A-Za-z0-9_]+\}"
ARN = rf"^(arn:aws[a-z-]*:.+|{_ENV})$"
KMS_KEY = rf"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:(key|alias)/.+|{_ENV})$"
AMI = rf"^(ami-[0-9a-f]{{8,17}}|{_ENV})$"
SECURITY_GROUP = rf"^(sg-[0-9a-f]{{8,17}}|{_ENV})$"
S3_OBJECT = r"^(s3://[^/]|arn:aws[a-z-]*:s3:::|\$\{env\.)"
OS_RELEASE = r"^[0-9]+(\.[0-9]+)+$"
HTTP = r"^https?://[A-Za-z0-9.:\[\]@_-]+(/[!-~]*)?$"
REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
BUCKET = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
S3_PREFIX = r"^s3://[^/].*[^/]$"
STORAGE_CLASS = r"^[A-Z][A-Z_]*$"
IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
REASON = r"\S"
LEGACY_FLAG = r"^[01]$"
LEGACY_COUNT = r"^[1-9][0-9]{0,3}$"

# A parameter ends up in an argument list. No shell reads it, but a leading dash would make it an option of the job.
# In Python `$` alone would let a line break at the end pass.
NO_LINE_BREAK = r"(?!\n)"
SAFE_TEXT = f"^[A-Za-z0-9./:=+@_][A-Za-z0-9./:=+@_-]*${NO_LINE_BREAK}"

FORMS: dict[str, str] = {
    NAME: "lower-case letters, digits and underscores, a letter first, at most 63 characters",
    DURATION: "a number from 1 and a unit: 90s, 15m, 2h, 1d; at most 999d",
    AUTO: "a whole number from 1 without quotes, or auto",
    MEMORY: "a number and a unit as Spark writes it: 512M, 18G",
    INSTANCE_TYPE: "an EC2 instance type such as m5.2xlarge",
    PRICE: "a price in US dollars per hour such as 0.25, in quotes",
    CLUSTER_ID: "a cluster id such as j-2AXXXXXXGAPLF",
    RELEASE: "a release label such as emr-7.13.0",
    LOG_URI: "an s3:// address or ${env.…}",
    WORD: "one lower-case word: parquet, csv, png",
    ROLE: "a role such as arn:aws:iam::123456789012:role/name, or ${env.…}",
    ARN: "an ARN, or ${env.…}",
    KMS_KEY: "the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, or ${env.…}",
    AMI: "the id of an AMI such as ami-0123456789abcdef0, or ${env.…}",
    SECURITY_GROUP: "the id of a security group such as sg-0123456789abcdef0, or ${env.…}",
    S3_OBJECT: "an s3:// address, the ARN of an object on S3, or ${env.…}",
    OS_RELEASE: "a release of Amazon Linux such as 2023.9.20251014.0",
    HTTP: "an http:// or https:// address",
    REGION: "an AWS region such as us-east-1",
    BUCKET: "a bucket as s3://name, without a slash at the end",
    S3_PREFIX: "an s3:// address without a slash at the end",
    STORAGE_CLASS: "a storage class of S3 such as STANDARD_IA",
    IDENTIFIER: "letters, digits and underscores, no digit first",
    REASON: "a sentence that says why the finding is accepted",
    SAFE_TEXT: "letters, digits and ./:=+@_-, no dash first, at least one character",
    LEGACY_FLAG: '"1" or "0"',
    LEGACY_COUNT: 'a number in quotes, such as "4"',
}
