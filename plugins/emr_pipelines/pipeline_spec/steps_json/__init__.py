"""The older system's steps.json and cluster JSON, read and turned into a spec."""
