"""What is trained, in keras.ops alone: linear prediction, quantisers, residual modules, the cascade."""
