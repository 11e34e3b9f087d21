"""The store as the simulation sees it: arrays by position."""
