"""S3 as a directory of plain files, which steps and moto's S3 share."""
