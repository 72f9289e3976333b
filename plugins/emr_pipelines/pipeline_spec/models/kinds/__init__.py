"""One module per kind of step: the model of what people write under its key, the files that it names, and where it takes values of a run."""
