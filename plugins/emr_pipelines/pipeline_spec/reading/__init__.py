"""From text to values: a file is read, each value marked with its place, and a model built from what fits, with a sentence for what does not."""
