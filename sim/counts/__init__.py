"""What units have, counted while their columns are at hand, kept in records beside them, merged later."""
