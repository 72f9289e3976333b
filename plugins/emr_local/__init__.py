"""A small EMR for one machine: the EMR wire protocol, state machines, and steps that really run. Knows nothing of emr_pipelines."""
