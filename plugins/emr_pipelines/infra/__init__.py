"""An environment's infrastructure on AWS: a CloudFormation template and the calls that deploy, show and delete it, on clients that are passed in."""
