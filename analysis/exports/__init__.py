"""A run in the formats that other tools read, a module each: `export(run)` gives its text, or texts by file name."""
