"""The pictures of the documentation: drawn diagrams, and terminals with what commands really printed."""
