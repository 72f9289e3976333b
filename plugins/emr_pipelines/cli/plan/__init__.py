"""`emr-pipelines plan` and `render`: what a run would do and send, without doing any of it."""
