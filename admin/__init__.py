"""What operators use. Never takes part in a call."""
