"""From what is drawn to the tables of the UCDM: a function for each family of entities."""
