"""The network to clients: connections, answers as bytes, listening, worker processes."""
