"""Two worlds side by side: what was asked, what came, how far chance may part them, and the verdict."""
