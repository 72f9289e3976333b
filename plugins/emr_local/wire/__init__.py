"""How clients reach the server: the bound loopback port, whom it refuses, EMR's protocol and its service model."""
