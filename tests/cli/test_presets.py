"""`neuralcodec presets`"""


def test_presets(cli, installed, codec):
    code, out, _ = cli("presets")
    head, row = out.decode().splitlines()
    assert code == 0 and head.split() == ["name", "kbps", "parameters", "description"]
    assert row.split() == ["tiny", "24", f"{codec.preset.metadata['parameters']:,}", "Random", "weights."]
