"""From what the user wrote to a Spec: read (YAML with places), check (all problems), build."""
