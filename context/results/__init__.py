"""What students did: submissions and their marks, attempts and answers, posts and comments, other dates for
some.
"""
