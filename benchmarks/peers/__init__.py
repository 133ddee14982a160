"""Other tools that do the same: how each is asked to do it, as fast as its documentation says it can."""
