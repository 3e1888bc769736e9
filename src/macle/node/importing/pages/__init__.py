"""The pages of the importing desk: they read and write only through the actions and queries of this office."""
