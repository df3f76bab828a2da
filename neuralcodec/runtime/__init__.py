"""How a trained cascade runs: streaming encoder and decoder in NumPy. Never imports TensorFlow."""
