"""Who is there: students and staff, the cohorts of earlier terms, and what is known of everybody over all of
them.
"""
