"""Steps that run on Spark: what they ask for and what is made ready for them."""
