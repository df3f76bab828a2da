"""Model cards."""

from huggingface_hub import ModelCard

from neuralcodec.zoo.card import model_card

METADATA = {"name": "cq-9k", "description": "Collaborative quantisation", "kbps": 9.0, "license": "CC-BY-4.0"}
FIGURES = {"cq-9k": {"clips": 63, "pesq": [3.8, 3.7, 3.9], "si_sdr": [-1.5, -2.0, -1.0], "visqol": [float("nan")] * 3},
           "Opus 10": {"clips": 63, "pesq": [3.5, 3.4, 3.6], "si_sdr": [2.0, 1.0, 3.0], "visqol": [4.0] * 3}}


def for_the_hub(metadata):
    """What the Hub reads from a card, as its own library reads it."""
    return ModelCard(model_card(metadata)).data


def test_a_card_names_licence_data_and_rate():
    card = model_card(METADATA)
    assert 'Codec.from_pretrained("cq-9k")' in card and "9 kbps" in card
    for owner in ("Vassil Panayotov", "Junbo Zhang", "Beijing Shell Shell", "Picovoice", "Kerstin"):
        assert owner in card
    assert 'Codec.from_pretrained("user/mine")' in model_card(METADATA, "user/mine")


def test_the_hub_understands_a_card():
    data = for_the_hub(METADATA)
    assert data.library_name == "neuralcodec" and data.license == "cc-by-4.0"
    assert data.language == ["en", "de", "zh"] and data.pipeline_tag == "audio-to-audio"
    assert "audio-codec" in data.tags and "keras" in data.tags
    assert data.base_model is None and data.eval_results is None


def test_a_card_names_no_speech_that_was_left_out():
    metadata = {**METADATA, "training": {"config": {"leave_out": ["kerstin-de"]}}}
    card = model_card(metadata)
    assert "Kerstin" not in card and "German" not in card and "Trained on English and Mandarin only." in card
    assert for_the_hub(metadata).language == ["en", "zh"]
    assert "Trained on English, German and Mandarin only." in model_card(METADATA)
    for strange in ([], {"config": []}, {"config": {"leave_out": "kerstin-de"}}, {"config": {"leave_out": [["x"], 1]}}):
        assert model_card({**METADATA, "training": strange}) == model_card(METADATA)


def test_figures_are_a_table_and_evaluation_results():
    metadata = {**METADATA, "evaluation": FIGURES}
    data = for_the_hub(metadata)
    assert data.model_name == "cq-9k"
    assert {result.metric_type: result.metric_value for result in data.eval_results} == {"pesq": 3.8, "si_sdr": -1.5}
    assert {result.metric_name for result in data.eval_results} == {"PESQ-WB", "SI-SDR (dB)"}
    assert {(result.task_type, result.dataset_name) for result in data.eval_results} == {
        ("audio-to-audio", "63 recordings not trained on")}
    card = model_card(metadata)
    assert "\n## Figures\n\n| codec | clips | pesq | si_sdr | visqol |" in card
    assert "| Opus 10 | 63 | 3.500 ± 0.100" in card
    assert "## Figures" not in model_card(METADATA)


def test_a_fine_tune_names_its_base():
    metadata = {**METADATA, "base_model": "user/cq-9k"}
    assert for_the_hub(metadata).base_model == "user/cq-9k"
    assert "that of `user/cq-9k`" in model_card(metadata) and "Other voices" not in model_card(METADATA)
    assert "Fine-tuned from `user/cq-9k`" in model_card(metadata)


def test_metadata_of_a_stranger_does_not_break_a_card():
    strange = ([], {"cq-9k": 1}, {"cq-9k": {"pesq": [1, 2, 3]}}, {"cq-9k": {"clips": 1, "pesq": "good"}},
               {"cq-9k": {"clips": 1, "pe\nsq": [1, 2, 3]}}, {"cq-9k": FIGURES["cq-9k"], "Opus 10": {"clips": 63}})
    for evaluation in strange:
        assert "## Figures" not in model_card({**METADATA, "evaluation": evaluation})
    data = for_the_hub({**METADATA, "license": "mit\nlibrary_name: other", "base_model": "x\ny: z"})
    assert data.library_name == "neuralcodec" and data.base_model is None


def test_limits_tell_what_other_sound_comes_out_like():
    card = model_card({**METADATA, "off_speech": {"white noise": {"kbps": 11.23, "si_sdr": 1.98}}})
    assert "white noise: 11.2 kbps, SI-SDR 2.0 dB." in card and "8 kHz" in card
    for strange in ({}, [], {"noise": 1}, {"noise": {"kbps": "many", "si_sdr": 1}},
                    {"no\nise": {"kbps": 1, "si_sdr": 1}}):
        assert "synthetic" not in model_card({**METADATA, "off_speech": strange})
