"""Verbs about spec files: validate them, their JSON Schema, import them from the older system."""
