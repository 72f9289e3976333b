"""What is known of runs that were made: told from EMR and S3 alone, never from Airflow's database."""
