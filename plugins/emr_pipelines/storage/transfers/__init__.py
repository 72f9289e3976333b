"""What people copy to S3 and back by hand, with their own credentials. No task of Airflow uses it, so its role needs no right for it."""
