"""The verbs by which people start a pipeline or a project of their own, and put their data where it is read."""
