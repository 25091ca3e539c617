"""What we tell the outside: one record for each finished call, metrics, and log lines."""
