"""The exporting desk in the browser: translate in, make one call, translate out."""
