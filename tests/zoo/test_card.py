"""Model cards."""

from neuralcodec.zoo.card import model_card


def test_a_card_names_licence_data_and_figures():
    card = model_card("cq-9k", "Collaborative quantisation", 9.0, "| codec | PESQ |\n|---|---|\n| cq-9k | 3.8 |")
    assert card.startswith("---\nlibrary_name: neuralcodec\nlicense: cc-by-4.0\n")
    assert 'Codec.from_pretrained("cq-9k")' in card and "9 kbps" in card
    for owner in ("Vassil Panayotov", "Junbo Zhang", "Beijing Shell Shell", "Picovoice", "Kerstin"):
        assert owner in card
    assert "## Figures\n\n| codec | PESQ |" in card
    assert "## Figures" not in model_card("cq-9k", "Collaborative quantisation", 9.0)
