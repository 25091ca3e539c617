"""What is seen while calls go by, and who is told of it."""
