"""What users write: scripts, parameters, variables and functions, before anything is looked up."""
