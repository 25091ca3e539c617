"""What the operator wrote: schema, reading, checking, watching."""
