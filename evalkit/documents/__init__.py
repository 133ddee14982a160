"""YAML into values that know their place: nodes, how files become nodes, what is said of files that do not."""
