"""Where shared state lives."""
