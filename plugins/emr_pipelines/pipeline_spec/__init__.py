"""What people write: models, loading, placeholders, rules. Pydantic lives here and nowhere below."""
