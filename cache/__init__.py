"""Answers that we already have: what makes two calls the same, what is kept of an answer, and how it is told again."""
