"""What a file of data holds: its format, its columns, their types, and a small part of it as a sample."""
