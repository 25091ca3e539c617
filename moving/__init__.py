"""Configurations of other gateways, told in our YAML: what they say, and what becomes of it."""
