"""The card beside an artifact: what is known about its network, and hashes that are true."""

import hashlib
import json

import pytest

from tests.helpers.small_networks import make_network
from tf_deeppaint.exporting.model_card import write_model_card
from tf_deeppaint.exporting.traced_function import weights_digest
from tf_deeppaint.utils import files

FIDELITY = [("PSNR", "61.5 dB")]


@pytest.fixture(scope="module", name="network")
def make_the_network():
    return make_network("mixture")


def write_run(folder, data: list[str], validations: int = 2):
    folder.mkdir()
    (folder / "options.json").write_text(json.dumps({"data": data}))
    lines = [{"step": 5, "group": "training", "l1": 9.0}]
    lines += [{"step": 10 * n, "group": "validation", "l1": 0.5 / n} for n in (1, 2)][:validations]
    # The run was killed while it wrote its last line.
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 30, "gro'
    (folder / "metrics.jsonl").write_text(text)
    return folder


def test_it_names_data_license_scores_fidelity_and_hashes(network, doll_shards, tmp_path):
    run = write_run(tmp_path / "run", [str(doll_shards), "data/gone"])
    (tmp_path / "x.tflite").write_bytes(b"model")
    path = write_model_card(tmp_path / "x.tflite", network, run, FIDELITY)
    assert path == str(tmp_path / "model_card.md")
    card = (tmp_path / "model_card.md").read_text()
    assert card.startswith("# Networks that color line art, exported by tf_deeppaint\n\n## x.tfl")
    assert str(tmp_path) not in card and str(doll_shards.parent) not in card
    assert "| made of | run |" in card
    assert not [line for line in card.splitlines() if line.rstrip(" ;") != line]
    assert "| network | Generator, width 2 |" in card and "| head | mixture |" in card
    assert f"{doll_shards.name}: Dolls drawn by tf_deeppaint, 8 training pictures; CC0-1.0" in card
    assert "gone: no longer there" in card
    assert "after 20 steps" in card and "| l1 | 0.25 |" in card
    assert "| PSNR | 61.5 dB |" in card
    assert f"| x.tflite | {hashlib.sha256(b'model').hexdigest()} |" in card
    assert weights_digest(network) in card


def test_artifacts_of_one_folder_have_a_chapter_each(network, tmp_path):
    (tmp_path / files.name_aside("model_card.md")).touch()  # as a killed export leaves it
    for name, content in (("x.tflite", b"1"), ("a.onnx", b"2"), ("x.tflite", b"3")):
        (tmp_path / name).write_bytes(content)
        write_model_card(tmp_path / name, network, tmp_path / "n.keras", FIDELITY)
    card = (tmp_path / "model_card.md").read_text()
    assert [line for line in card.splitlines() if line.startswith("## ")] == [
        "## a.onnx",
        "## x.tflite",
    ]
    digests = [hashlib.sha256(content).hexdigest() for content in (b"1", b"2", b"3")]
    assert [digest in card for digest in digests] == [False, True, True]
    assert "\n\n\n" not in card
    assert not any("incomplete" in path.name for path in tmp_path.iterdir())
    # A generator that lies in no run tells nothing of its origin.
    assert card.count("Not known") == 4


def test_of_a_folder_every_file_is_hashed(network, tmp_path):
    (tmp_path / "1/variables").mkdir(parents=True)
    (tmp_path / "1/saved_model.pb").write_bytes(b"graph")
    (tmp_path / "1/variables/variables.index").write_bytes(b"index")
    run = write_run(tmp_path / "run", [], validations=0)
    write_model_card(tmp_path / "1", network, run / "best.keras", FIDELITY)
    card = (tmp_path / "model_card.md").read_text()
    for name, content in (("saved_model.pb", b"graph"), ("variables/variables.index", b"index")):
        assert f"| {name} | {hashlib.sha256(content).hexdigest()} |" in card
    assert "The run holds no validation." in card


def test_the_bundled_models_own_card_is_told(network, tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"model")
    write_model_card(tmp_path / "x.onnx", network, None, FIDELITY)
    card = (tmp_path / "model_card.md").read_text()
    for words in ("made of | the bundled model", "OpenMoji 17.0.0", "CC BY-SA 4.0", "### Limits"):
        assert words in card
    assert "](" not in card


def test_a_card_of_an_earlier_version_keeps_its_chapters(network, tmp_path):
    (tmp_path / "x.tflite").write_bytes(b"1")
    old = "# a.onnx\n\nOld words.\n\n## Scores\n\nNone.\n"
    (tmp_path / "model_card.md").write_text(old)
    for _ in range(2):
        write_model_card(tmp_path / "x.tflite", network, tmp_path / "n.keras", FIDELITY)
    card = (tmp_path / "model_card.md").read_text()
    assert "\n## a.onnx\n\nOld words.\n\n### Scores\n\nNone.\n\n## x.tflite\n" in card
    assert [line for line in card.splitlines() if line.startswith("# ")] == [card.splitlines()[0]]
