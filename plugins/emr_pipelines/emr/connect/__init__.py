"""How people reach a cluster: which one, by which commands, its web pages, its history. Clients are passed in; nothing is opened."""
