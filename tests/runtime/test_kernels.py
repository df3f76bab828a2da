"""The filter 1/A(z) in C is the one in NumPy, and whole files decode alike."""

import numpy as np
import pytest

from neuralcodec.runtime import lpc


@pytest.fixture(scope="module")
def predictors(speech):
    """One predictor per sub-frame (S, 17)."""
    lsf = lpc.order_lsf(lpc.Analysis()(speech)[1])
    return lpc.lpc_from_lsf(lpc.interpolate_lsf(lsf, np.concatenate([lsf[:1], lsf[:-1]])))


@pytest.mark.parametrize("chunk", [80, 1600, 16000])
def test_the_filter(both_ways, speech, predictors, chunk):
    residual = lpc.AnalysisFilter()(speech, predictors)

    def run():
        synthesis = lpc.SynthesisFilter()
        return np.concatenate([synthesis(residual[i: i + chunk], predictors[i // 80: (i + chunk) // 80])
                               for i in range(0, len(residual), chunk)])

    mine, other = both_ways(run)
    assert mine.dtype == other.dtype == np.float32
    np.testing.assert_allclose(mine, other, atol=1e-6)


def test_it_recovers_from_damage(either_way, speech, predictors):
    crowded = lpc.lpc_from_lsf(lpc.order_lsf(np.full((200, 16), 5, np.float32)))
    residual = lpc.AnalysisFilter()(speech, predictors)
    synthesis = lpc.SynthesisFilter()
    assert np.abs(synthesis(residual[:16000], crowded)).max() == lpc.MAX_OUTPUT
    np.testing.assert_allclose(synthesis(residual, predictors)[8000:], speech[8000:], atol=1e-4)


def test_what_is_no_number_stays_none(either_way, predictors):
    """Whoever decodes looks for NaN at the end: it comes of weights that cannot be used."""
    residual = np.zeros(1600, np.float32)
    residual[100] = np.nan
    assert np.isnan(lpc.SynthesisFilter()(residual, predictors[:20])[100:]).all()


def test_whole_files(both_ways, codec, clip):
    samples = clip[0][:40000]
    mine, other = both_ways(lambda: codec.encode(samples, clip[1]))
    assert mine == other
    (mine, _), (other, _) = both_ways(lambda: codec.decode(mine))
    np.testing.assert_allclose(mine, other, atol=1e-5)


def test_wrong_sizes_are_refused(compiled_loops):
    residual, a, last, out = np.zeros(160, np.float32), np.zeros((2, 17)), np.zeros(16), np.zeros(160, np.float32)
    compiled_loops.synthesise(residual, a, last, 8.0, out)
    for wrong in ((residual[1:], a, last, out), (residual, a[1:], last, out), (residual, a, last[1:], out),
                  (residual, a, last, out[:80])):
        with pytest.raises(ValueError, match="fit"):
            compiled_loops.synthesise(*wrong[:3], 8.0, wrong[3])
