"""What verbs take from a project: its root and environment, clients of that, parameters of its runs."""
