"""What the role of Airflow may do: the AWS calls that the code makes, and the policy made of them."""
