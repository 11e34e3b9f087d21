"""The numbers: a pack is a folder of distributions, each with its source, and here it is read, checked and
drawn from.
"""
