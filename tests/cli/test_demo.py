"""`neuralcodec demo`"""

import importlib.util
import re

import numpy as np
import soundfile

from neuralcodec.assets import demo_clip


def test_demo(cli, installed, tmp_path):
    code, out, err = cli("demo", "-p", "tiny")
    folder = tmp_path / "neuralcodec-demo"
    assert (code, err) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["decoded.wav", "original.wav", "speech.nac"]
    original, decoded = (soundfile.read(folder / name, dtype="int16")[0] for name in ("original.wav", "decoded.wav"))
    np.testing.assert_array_equal(original, soundfile.read(demo_clip(), dtype="int16")[0])
    assert decoded.shape == original.shape
    size = (folder / "speech.nac").stat().st_size
    text = out.decode()
    assert f"{size:,} bytes, {size * 8 / len(original) * 16:.1f} kbps" in text
    scores = dict(re.findall(r"^(PESQ-WB|STOI|ESTOI|SI-SDR \(dB\)|mel distance \(dB\)) +(-?\d+\.\d\d)$", text, re.M))
    assert len(scores) == 5 and float(scores["SI-SDR (dB)"]) > 10
    assert cli("demo", "-p", "tiny")[0] == 0  # again, over its own files


def test_without_the_eval_extra(cli, tiny_folder, monkeypatch, tmp_path):
    real = importlib.util.find_spec
    monkeypatch.setattr("neuralcodec.evaluation.metrics.find_spec",
                        lambda name: None if name in ("pesq", "pystoi") else real(name))
    code, out, _ = cli("demo", "-p", tiny_folder, "--output-dir", tmp_path / "here")
    assert code == 0 and b"SI-SDR" in out and b"mel distance" in out and b"PESQ" not in out
    assert b"pip install 'neuralcodec[eval]'" in out
    assert (tmp_path / "here" / "decoded.wav").exists()
