"""Makes logs of an invented music service. Needs numpy only, neither Spark nor Java."""
