"""A term that happens: plan, campus, draw, rendering, sensors and sinks, on top of the context store."""
