"""What a cascade is made of: its configuration, its layers, and the constants of LPC, transform and noise. NumPy only."""
