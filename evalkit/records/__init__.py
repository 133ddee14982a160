"""The nouns: frozen dataclasses that import nothing but the standard library and one another."""
