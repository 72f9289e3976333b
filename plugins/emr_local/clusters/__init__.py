"""The life of clusters and their steps: their states, the journal that remembers them, and what moves them on."""
