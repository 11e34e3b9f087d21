"""Rules for texts and bytes: letters by their positions, patterns, encodings, hosts and addresses."""
