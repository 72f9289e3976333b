"""emr_local as the command line uses it: whose server runs, who uses it, how it is started and stopped."""
