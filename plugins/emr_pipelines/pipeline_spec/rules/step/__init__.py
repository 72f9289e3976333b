"""Rules about steps: their kinds, arguments, sizes and order."""
