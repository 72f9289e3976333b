"""`emr-pipelines audit`: the security findings of plans, as text, JSON, SARIF and JUnit XML."""
