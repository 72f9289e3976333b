"""s3-dist-cp between the directories that are S3 and HDFS. Decides no EMR state."""
