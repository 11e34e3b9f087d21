"""The terms of a warehouse: their calendar as its days show it, and what queries are told of them."""
