"""What the pages of all offices share: their frame, lists, forms and words. No tables of its own."""
