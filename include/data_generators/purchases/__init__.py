"""Makes purchase data in the shape of the Amazon reviews data set. Needs numpy and pyarrow, neither Spark nor Java."""
