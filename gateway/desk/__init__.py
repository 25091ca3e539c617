"""What operators are served, and everything else that is asked of the gateway and isn't a call."""
