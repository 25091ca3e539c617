"""The life of one call, and all that belongs to it alone."""
