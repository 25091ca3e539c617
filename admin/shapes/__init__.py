"""JSON schemas of what is sent to us and what we answer, by name; one file for each subject."""
