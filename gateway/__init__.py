"""What a configuration becomes when it is alive."""
