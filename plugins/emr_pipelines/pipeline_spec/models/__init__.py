"""The models of what people write: shape and types of each part of a spec. What needs more than one field is a rule."""
