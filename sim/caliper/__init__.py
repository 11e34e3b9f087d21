"""What an event is: its kind, its integer columns, the shape of its document, and what Caliper says of it."""
