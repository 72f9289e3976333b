"""What is looked at in the project folder: where specs and environments are, the files that specs name, and what travels with a job."""
