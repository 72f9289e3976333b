"""The verbs that look at runs: `list`, `status`, `logs`, `diagnose`, `outputs`, `open`."""
