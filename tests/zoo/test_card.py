"""Model cards."""

import pytest
from huggingface_hub import ModelCard

from neuralcodec.zoo.card import model_card

METADATA = {"name": "mine", "description": "Collaborative quantisation", "kbps": 9.0}
SPEECH = {"corpora": [{"name": "LibriSpeech", "attribution": "© 2014 Vassil Panayotov", "licence": "CC-BY-4.0",
                       "language": "en"}, {"name": "My talks"}],
          "hours": 3.5, "languages": ["en", "de", "zh"], "description": "read speech"}
TOLD = {**METADATA, "license": "CC-BY-4.0", "speech": SPEECH, "training": {"files": 12, "config": {}}}
FIGURES = {"mine": {"clips": 63, "pesq": [3.8, 3.7, 3.9], "si_sdr": [-1.5, -2.0, -1.0], "visqol": [float("nan")] * 3},
           "Opus 10": {"clips": 63, "pesq": [3.5, 3.4, 3.6], "si_sdr": [2.0, 1.0, 3.0], "visqol": [4.0] * 3}}


def for_the_hub(metadata):
    """What the Hub reads from a card, as its own library reads it."""
    return ModelCard(model_card(metadata)).data


def test_a_card_shows_how_to_load_the_preset():
    card = model_card(METADATA)
    assert 'Codec.from_pretrained("mine")' in card and "9 kbps" in card and "8 kHz" in card
    assert 'Codec.from_pretrained("user/mine")' in model_card(METADATA, "user/mine")


def test_a_card_says_what_its_owner_says():
    card, data = model_card(TOLD), for_the_hub(TOLD)
    assert "Trained on 12 recordings: 3.5 hours, English, German and Mandarin, read speech.\n" in card
    assert "- LibriSpeech, © 2014 Vassil Panayotov, CC-BY-4.0 (English)\n- My talks\n" in card
    assert "Trained on English, German and Mandarin only." in card and "Weights: CC-BY-4.0." in card
    assert data.language == ["en", "de", "zh"] and data.license == "cc-by-4.0"


@pytest.mark.parametrize("metadata", [METADATA, {**METADATA, "license": "NOASSERTION", "training": {"files": 12}},
                                      {**METADATA, "training": {"config": {"leave_out": ["kerstin-de"]}}}])
def test_a_card_claims_no_speech_language_or_licence_by_itself(metadata):
    card, data = model_card(metadata), for_the_hub(metadata)
    assert data.language is None and data.license is None and data.base_model is None
    for claim in ("LibriSpeech", "English", "hours", "CC", "Corpora", "NOASSERTION"):
        assert claim not in card
    assert "on speech that its owner does not describe" in card and "has not chosen a licence" in card


def test_the_hub_understands_a_card():
    data = for_the_hub(METADATA)
    assert data.library_name == "neuralcodec" and data.pipeline_tag == "audio-to-audio"
    assert "audio-codec" in data.tags and "keras" in data.tags and data.eval_results is None


def test_figures_are_a_table_and_evaluation_results():
    metadata = {**METADATA, "evaluation": FIGURES}
    data = for_the_hub(metadata)
    assert data.model_name == "mine"
    assert {result.metric_type: result.metric_value for result in data.eval_results} == {"pesq": 3.8, "si_sdr": -1.5}
    assert {result.metric_name for result in data.eval_results} == {"PESQ-WB", "SI-SDR (dB)"}
    assert {(result.task_type, result.dataset_name) for result in data.eval_results} == {
        ("audio-to-audio", "63 recordings not trained on")}
    card = model_card(metadata)
    assert "\n## Figures\n\n| codec | clips | pesq | si_sdr | visqol |" in card
    assert "| Opus 10 | 63 | 3.500 ± 0.100" in card
    assert "## Figures" not in model_card(METADATA)


def test_what_each_prefix_costs_and_reaches_is_a_table():
    rows = [{"clips": 24, "kbps": [kbps, kbps - 1, kbps + 1], "pesq": [3.5, 3.4, 3.6]} for kbps in (9.0, 16.0)]
    metadata = {**METADATA, "evaluation": FIGURES, "prefixes": rows}
    card = model_card(metadata)
    assert "alone, on 24 such recordings" in card and "\n| 2 modules | 24 | 16.00 ± 1.00 | 3.500 ± 0.100 |\n" in card
    for strange in ([], rows[:1], rows[::-1], [rows[0], {"clips": 24}], [rows[0], {**rows[1], "more": [1, 2, 3]}], {},
                    [{**row, "kbps": [float("nan")] * 3} for row in rows], [3], "9 and 16",
                    [{"clips": 24, "kbps": [0.0, 0.0, 0.0]}, rows[1]]):
        assert model_card({**metadata, "prefixes": strange}) == model_card({**METADATA, "evaluation": FIGURES})


def test_a_later_revision_is_told():
    assert "Revision 2." in model_card({**METADATA, "revision": 2})
    assert model_card({**METADATA, "revision": 1}) == model_card(METADATA)


def test_further_judges_follow_the_table():
    judge = {"metric": "DistillMOS", "note": "on 24 recordings", "values": {"mine": 3.38, "original": 3.83}}
    metadata = {**METADATA, "evaluation": FIGURES, "judges": [judge]}
    assert "\n- DistillMOS, on 24 recordings: mine 3.38, original 3.83.\n" in model_card(metadata)
    for strange in ({}, [3], [{}], [{**judge, "values": [3]}], [{**judge, "values": {"a\nb": 3}}],
                    [{**judge, "note": "a\nb"}], [{**judge, "values": {"mine": "good"}}]):
        assert model_card({**metadata, "judges": strange}) == model_card({**metadata, "judges": []})


def test_lineage_and_limits_are_told():
    run = {"run": "base", "start": "scratch", "steps": "100 + 20 (noise)", "minutes": 3.0}
    card = model_card({**METADATA, "lineage": [run], "limits": ["Hums a little."]})
    assert "\n| `base` | scratch | 100 + 20 (noise) | 3 |\n" in card and "\n- Hums a little.\n" in card
    for strange in ({}, [3], [{}], [{**run, "start": "a\nb"}], [{**run, "minutes": "3"}]):
        assert model_card({**METADATA, "lineage": strange}) == model_card(METADATA)
    for strange in ({}, "Hums", [3], ["a\nb"]):
        assert model_card({**METADATA, "limits": strange}) == model_card(METADATA)


def test_a_fine_tune_names_its_base():
    tuned = {**TOLD, "speech": {"corpora": SPEECH["corpora"]}, "license": "NOASSERTION", "base_model": "user/base",
             "base_license": "CC-BY-4.0"}
    card, data = model_card(tuned), for_the_hub(tuned)
    assert data.base_model == "user/base" and data.language is None and data.license is None
    assert "Fine-tuned from `user/base` on 12 recordings, on speech that its owner does not describe." in card
    assert "Corpora in its weights:\n\n- LibriSpeech" in card and "Trained on" not in card
    assert "`user/base`, which they come from, is under CC-BY-4.0." in card
    assert "The limits of `user/base`" in card and "Other voices" in card and "Other voices" not in model_card(METADATA)
    told = {**tuned, "speech": {"languages": ["de"]}}
    assert for_the_hub(told).language == ["de"] and "on 12 recordings: German." in model_card(told)


def test_the_hub_is_told_a_repository_as_base_or_none():
    assert for_the_hub({**METADATA, "base_model": "cq-9k"}).base_model is None
    assert "Fine-tuned from `cq-9k`" in model_card({**METADATA, "base_model": "cq-9k"})


def test_metadata_of_a_stranger_does_not_break_a_card():
    strange = ([], {"mine": 1}, {"mine": {"pesq": [1, 2, 3]}}, {"mine": {"clips": 1, "pesq": "good"}},
               {"mine": {"clips": 1, "pe\nsq": [1, 2, 3]}}, {"mine": FIGURES["mine"], "Opus 10": {"clips": 63}})
    for evaluation in strange:
        assert "## Figures" not in model_card({**METADATA, "evaluation": evaluation})
    data = for_the_hub({**METADATA, "license": "mit\nlibrary_name: other", "base_model": "x\ny: z"})
    assert data.library_name == "neuralcodec" and data.base_model is None
    for speech in ([], {"hours": "many"}, {"corpora": ["x"]}, {"languages": ["a\nb"]}):
        assert model_card({**METADATA, "speech": speech}) == model_card(METADATA)
    for training in ([], {"files": "many"}, {"files": []}):
        assert model_card({**METADATA, "training": training}) == model_card(METADATA)
    assert model_card({**METADATA, "base_model": "cq-9k", "base_license": ["x"]}) == model_card(
        {**METADATA, "base_model": "cq-9k"})


def test_limits_tell_what_other_sound_comes_out_like():
    card = model_card({**METADATA, "off_speech": {"white noise": {"kbps": 11.23, "si_sdr": 1.98}}})
    assert "white noise: 11.2 kbps, SI-SDR 2.0 dB." in card
    for strange in ({}, [], {"noise": 1}, {"noise": {"kbps": "many", "si_sdr": 1}},
                    {"no\nise": {"kbps": 1, "si_sdr": 1}}):
        assert "synthetic" not in model_card({**METADATA, "off_speech": strange})
