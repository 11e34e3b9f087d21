"""What comes of it: scores, letters and GPAs, progress in modules, mastery of learning outcomes."""
