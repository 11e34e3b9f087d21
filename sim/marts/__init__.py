"""The data marts: which reads which, what their SQL may say, and how they are built."""
