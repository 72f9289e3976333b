"""`emr-pipelines doctor`: whether this machine can run pipelines."""
