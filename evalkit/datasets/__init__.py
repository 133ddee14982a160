"""Where rows come from: one file per kind of data file, strangers to one another."""
