"""Packs: shown, checked, fitted to a warehouse, merged and compared."""
