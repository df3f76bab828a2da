"""Lapped transforms of waveforms, whatever their basis."""
from keras import ops


def transform(x, basis):
    """Waveform (B, T) -> coefficients (B, K, hop), K = T / hop; frame k sees hop (k - 1) to hop (k + 1).

    Args:
        x: (B, T).
        basis: (2 hop, hop).
    """
    hop = basis.shape[1]
    blocks = ops.reshape(x, (-1, x.shape[1] // hop, hop))
    before = ops.concatenate([ops.zeros_like(blocks[:, :1]), blocks[:, :-1]], axis=1)
    return ops.matmul(ops.concatenate([before, blocks], axis=-1), basis)


def inverse_transform(t, basis):
    """Coefficients (B, K, hop) -> waveform (B, K hop) by overlap-add; the last hop lacks its second half."""
    hop = basis.shape[1]
    halves = ops.matmul(t, ops.transpose(basis))  # (B, K, 2 hop)
    after = ops.concatenate([halves[:, 1:, :hop], ops.zeros_like(halves[:, :1, :hop])], axis=1)
    return ops.reshape(halves[..., hop:] + after, (-1, t.shape[1] * hop))
