"""How each tool speaks: the shapes of its documents and the fields they are made of."""
