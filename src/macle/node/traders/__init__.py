"""Licensed exporters, importers, agents, couriers and miners, and their balance of carats."""
