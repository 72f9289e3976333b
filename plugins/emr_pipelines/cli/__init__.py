"""The command `emr-pipelines`, one module per verb. The only room that creates boto3 clients."""
