"""The CloudFormation template of an environment, part by part. Pure."""
