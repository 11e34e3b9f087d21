"""The live side: ``termtide stream`` plays a term, ``termtide ctl`` steers it from another terminal."""
