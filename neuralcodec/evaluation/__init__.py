"""How a preset is judged: metrics, peer codecs, reports; everything from real files."""
