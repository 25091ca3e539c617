"""The official clients against the running gateway, as people use them."""
