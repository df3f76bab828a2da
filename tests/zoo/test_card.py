"""Model cards."""

from huggingface_hub import ModelCard

from neuralcodec.zoo.card import model_card, model_index

FIGURES = {"clips": 63, "kbps": (9.01, 8.9, 9.1), "pesq": (3.8123, 3.7, 3.9), "stoi": (0.98, 0.97, 0.99),
           "estoi": (0.95, 0.94, 0.96), "si_sdr": (float("nan"),) * 3, "mel_distance": (1.5, 1.4, 1.6)}


def test_a_card_names_licence_data_and_figures():
    card = model_card("cq-9k", "Collaborative quantisation", 9.0, "| codec | PESQ |\n|---|---|\n| cq-9k | 3.8 |")
    assert card.startswith("---\nlibrary_name: neuralcodec\nlicense: cc-by-4.0\n")
    assert 'Codec.from_pretrained("cq-9k")' in card and "9 kbps" in card
    for owner in ("Vassil Panayotov", "Junbo Zhang", "Beijing Shell Shell", "Picovoice", "Kerstin"):
        assert owner in card
    assert "## Figures\n\n| codec | PESQ |" in card
    assert "## Figures" not in model_card("cq-9k", "Collaborative quantisation", 9.0)


def test_the_hub_reads_the_results_out_of_the_head():
    data = ModelCard(model_card("cq-9k", "Collaborative quantisation", 9.0, figures=FIGURES)).data
    assert data.model_name == "cq-9k" and data.license == "cc-by-4.0"
    results = {result.metric_type: result.metric_value for result in data.eval_results}
    assert results == {"pesq": 3.812, "stoi": 0.98, "estoi": 0.95, "kbps": 9.01}  # an undefined figure is left out
    assert all(result.dataset_name.startswith("63 recordings") for result in data.eval_results)


def test_without_figures_there_is_no_index():
    assert model_index("cq-9k", {}) == model_index("cq-9k", {"clips": 3, "mel_distance": (1, 1, 1)}) == ""
    assert "model-index" not in model_card("cq-9k", "Collaborative quantisation", 9.0)


def test_limits_tell_what_other_sound_comes_out_like():
    limits = {"white noise": {"kbps": 11.23, "si_sdr": 1.98}}
    card = model_card("cq-9k", "Collaborative quantisation", 9.0, off_speech=limits)
    assert "white noise: 11.2 kbps, SI-SDR 2.0 dB." in card and "8 kHz" in card
    assert "synthetic" not in model_card("cq-9k", "Collaborative quantisation", 9.0)
