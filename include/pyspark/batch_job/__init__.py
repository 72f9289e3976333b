"""What every batch job does: read its arguments, run in a Spark session, touch single files. Knows no job."""
