"""Steps that are commands of a node: shell, hadoop, jars."""
