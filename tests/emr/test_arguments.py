"""Arguments reach a Spark script exactly as they stand in the step, whatever they hold."""

from __future__ import annotations

import gzip
import json
from typing import Any

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_watch import WatchLimits, watch_step
from emr_pipelines.emr.steps import submit_once
from tests.dag.test_templates import HOSTILE
from tests.emr.conftest import shell_step


def test_spark_gets_every_argument_unharmed(api: EmrApi, s3: Any, bucket: str, cluster_id: str) -> None:
    s3.put_object(Bucket=bucket, Key="show.py", Body=b"import json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    step = shell_step("")
    step["HadoopJarStep"]["Args"] = ["spark-submit", "--deploy-mode", "client", f"s3://{bucket}/show.py", *HOSTILE]
    handle = submit_once(api, cluster_id, step)
    interval = PollInterval(minimum=0.1, maximum=0.5)
    watch_step(api, handle, limits=WatchLimits(), interval=interval, tell=lambda *_: None)
    key = f"logs/{cluster_id}/steps/{handle.step_id}/stdout.gz"
    printed = gzip.decompress(s3.get_object(Bucket="emr-logs", Key=key)["Body"].read()).decode()
    assert json.loads(printed.splitlines()[-1]) == HOSTILE
