"""Training on several devices with what Keras has for it."""
import contextlib

import keras

from neuralcodec.errors import ConfigError


@contextlib.contextmanager
def on_devices(distribution, batch_size):
    """Puts a model that is built inside on the devices of a distribution.

    Args:
        distribution: `keras.distribution.DataParallel` (JAX), a `tf.distribute.MirroredStrategy` (TensorFlow), or None.
        batch_size: clips a step, of all devices together.

    Raises:
        ConfigError: it is not of a kind that the backend can use, or the batch cannot be shared out evenly.
    """
    if distribution is None:
        yield
        return
    backend = keras.backend.backend()
    if backend == "jax" and isinstance(distribution, keras.distribution.DataParallel):
        devices = distribution.device_mesh.shape[0]
    elif backend == "tensorflow" and hasattr(distribution, "num_replicas_in_sync"):
        devices = distribution.num_replicas_in_sync
    else:
        raise ConfigError("`distribution` must be a keras.distribution.DataParallel on JAX or a "
                          f"tf.distribute.MirroredStrategy on TensorFlow; got a {type(distribution).__name__} on "
                          f"{backend}.")
    if batch_size % devices:
        raise ConfigError(f"A batch of {batch_size} clips cannot be shared among {devices} devices; choose a "
                          "`batch_size` that is a multiple.")
    with distribution.scope():
        yield


def use_exact_products():
    """Keeps GPUs from rounding the factors of products to 11 bits (TF32): the LPC filters would drift."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
    elif backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)


def replicas():
    """How many copies of the model train side by side; more than one only under a strategy of `tf.distribute`."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync
