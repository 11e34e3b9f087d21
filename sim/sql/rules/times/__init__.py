"""Rules for dates and times: parts of them, arithmetic, clocks and calendars, texts in both directions."""
