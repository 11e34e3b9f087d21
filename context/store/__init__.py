"""The context store as tables and files: written, read, joined over terms, and shown as of a morning."""
