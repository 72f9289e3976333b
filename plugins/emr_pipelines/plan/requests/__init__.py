"""The bodies of RunJobFlow and AddJobFlowSteps, built from a spec. Pure."""
