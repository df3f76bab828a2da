"""How a preset is trained: data, losses, phases, export."""
