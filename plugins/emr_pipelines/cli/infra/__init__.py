"""`emr-pipelines infra`: an environment's infrastructure on AWS."""
