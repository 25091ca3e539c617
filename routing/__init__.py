"""Who is tried next, and what we observed of everyone. Pure: time and chance are handed in."""
