"""How every verb meets its terminal, files and signals."""
