"""The exporting desk for machines: what its pages do, one operation for each act."""
