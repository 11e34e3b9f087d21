"""What is taught, who is in it in which role, and where people meet: sections, groups, conversations,
conferences.
"""
