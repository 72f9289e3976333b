"""What CloudFormation's stacks mean for EMR, and what moto's lack."""
