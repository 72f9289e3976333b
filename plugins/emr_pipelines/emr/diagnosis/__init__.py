"""From the logs that EMR keeps of a failure to one sentence that names its probable cause."""
