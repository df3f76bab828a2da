"""What a cascade is made of: configuration, layers, and the constants of LPC, transform and noise. NumPy only."""
