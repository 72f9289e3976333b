"""How single texts of a spec are written and read: durations, placeholders, secrets, places on S3, words of a command."""
