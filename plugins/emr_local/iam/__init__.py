"""Who may do what: judges each request by a policy before anything acts on it."""
