"""Where the weights of dense layers start."""
import keras


def small():
    """For corrections: they start near zero, so that training starts from the transform itself."""
    return keras.initializers.VarianceScaling(0.01, seed=1)


def glorot(seed):
    """Keras' default, from a seed of its own."""
    return keras.initializers.GlorotUniform(seed=seed)
