"""The pictures in docs/: taken of the product as it runs, by `make pictures`."""
