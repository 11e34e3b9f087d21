"""What courses hold: assignments, quizzes, discussions, files, pages and modules, each with its release."""
