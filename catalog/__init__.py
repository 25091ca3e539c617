"""What models can do and cost: figures with source and date, and the operator's overrides."""
