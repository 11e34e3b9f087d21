"""What leaves a sensor, and when: buffers, flushes, envelopes, delays, outages."""
