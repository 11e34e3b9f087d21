"""The term against a clock: fed, played, sent, acknowledged, steered from outside."""
