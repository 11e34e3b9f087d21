"""What leaves a sensor, and when: messages with their attributes, buffers, flushes, envelopes, delays,
outages.
"""
