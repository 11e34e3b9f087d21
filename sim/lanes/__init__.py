"""From messages to acknowledgements: what waits, how far it may run ahead, requests, retries, the journal."""
