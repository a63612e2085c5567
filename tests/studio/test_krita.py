"""The plugin for Krita, against a studio that runs. Krita and Qt are played by what is below."""

import importlib
import io
import os
import sys
import tempfile
import types

import numpy as np
import pytest
from PIL import Image

from tests.helpers.painters import FakeBackend
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import admission, server

PAINTER = Painter(FakeBackend(64))
PACKAGE = "export.krita.deeppaint"
LINES = np.full((48, 64, 4), (0, 0, 0, 0), np.uint8)  # black on nothing
LINES[8:10, 8:56, 3] = LINES[38:40, 8:56, 3] = LINES[8:40, 8:10, 3] = LINES[8:40, 54:56, 3] = 255
# As a sketch: the same lines on white.
SKETCH = 255 - LINES[..., 3]


class Node:
    """A layer of Krita's, as far as the plugin uses it."""

    def __init__(self, name, parent=None):
        self.name, self.mode, self.pixels = name, "normal", None
        self.parent, self.children = parent, []

    def uniqueId(self):  # noqa: N802
        return id(self)

    def parentNode(self):  # noqa: N802
        return self.parent

    def childNodes(self):  # noqa: N802
        return list(self.children)

    def setChildNodes(self, nodes):  # noqa: N802
        self.children = list(nodes)

    def addChildNode(self, node, above):  # noqa: N802
        place = len(self.children) if above is None else self.children.index(above) + 1
        self.children.insert(place, node)

    def colorModel(self):  # noqa: N802
        return "RGBA"

    def colorDepth(self):  # noqa: N802
        return "U8"

    def projectionPixelData(self, x, y, width, height):  # noqa: N802
        bgra = self.pixels[y : y + height, x : x + width][..., [2, 1, 0, 3]]
        return np.ascontiguousarray(bgra).tobytes()

    def setBlendingMode(self, mode):  # noqa: N802
        self.mode = mode

    def setPixelData(self, data, x, y, width, height):  # noqa: N802
        bgra = np.frombuffer(data, np.uint8).reshape(height, width, 4)
        self.pixels = bgra[..., [2, 1, 0, 3]]


class Document:
    """A document of Krita's with a layer of lines, and one below it where there is to be one."""

    def __init__(self, has_paper: bool):
        self.root, self.refreshed = Node("root"), False
        self.lines = Node("my lines", self.root)
        self.lines.pixels = LINES
        self.root.children = [*([Node("Background", self.root)] * has_paper), self.lines]

    def activeNode(self):  # noqa: N802
        return self.lines

    def width(self):
        return LINES.shape[1]

    def height(self):
        return LINES.shape[0]

    def createGroupLayer(self, name):  # noqa: N802
        return Node(name)

    def createNode(self, name, kind):  # noqa: N802
        assert kind == "paintlayer"
        return Node(name)

    def refreshProjection(self):  # noqa: N802
        self.refreshed = True


class Bits(bytes):
    def setsize(self, size):
        assert size == len(self)


class QImage:
    """Qt's QImage, by Pillow."""

    Format_ARGB32 = 5

    def __init__(self, image):
        self.image = image

    @classmethod
    def fromData(cls, data):  # noqa: N802
        return cls(Image.open(io.BytesIO(data)).convert("RGBA"))

    def convertToFormat(self, kind):  # noqa: N802
        assert kind == self.Format_ARGB32
        return self

    def width(self):
        return self.image.width

    def height(self):
        return self.image.height

    def constBits(self):  # noqa: N802
        return Bits(np.ascontiguousarray(np.asarray(self.image)[..., [2, 1, 0, 3]]).tobytes())


class Krita:
    """Krita's application: the document that is open, and the extensions it has."""

    def __init__(self):
        self.document, self.extensions, self.told, self.chosen = None, [], [], ""

    def instance(self):
        return self

    def addExtension(self, extension):  # noqa: N802
        self.extensions.append(extension)

    def activeDocument(self):  # noqa: N802
        return self.document


@pytest.fixture(name="krita")
def play_krita(monkeypatch) -> Krita:
    krita = Krita()
    dialog = types.SimpleNamespace(getOpenFileName=lambda *about: (krita.chosen, ""))
    box = types.SimpleNamespace(information=lambda parent, title, text: krita.told.append(text))
    extension = type("Extension", (), {"__init__": lambda self, parent: None})
    for name, parts in {
        "krita": {"Krita": krita, "Extension": extension},
        "PyQt5": {},
        "PyQt5.QtCore": {"QByteArray": bytes},
        "PyQt5.QtGui": {"QImage": QImage},
        "PyQt5.QtWidgets": {"QFileDialog": dialog, "QMessageBox": box},
    }.items():
        module = types.ModuleType(name)
        vars(module).update(parts)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("", ".client", ".extension"):
        monkeypatch.delitem(sys.modules, PACKAGE + name, raising=False)
    importlib.import_module(PACKAGE)
    return krita


@pytest.fixture(scope="module", name="address")
def open_studio(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        server.confine_gradio(str(tmp_path_factory.mktemp("studio")), "127.0.0.1")
        port = server.find_port("127.0.0.1", 0)
        names = admission.names_to_answer("127.0.0.1", [])
        page = server.launch(PAINTER, "127.0.0.1", port, "", names)
        yield f"http://127.0.0.1:{port}"
        page.close(verbose=False)


@pytest.fixture(name="reference")
def make_reference(tmp_path) -> str:
    colors = np.random.default_rng(4).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    path = tmp_path / 'a "reference" ü.png'
    write_picture(path, colors.repeat(9, axis=0).repeat(9, axis=1))
    return str(path)


def over(layers: list[np.ndarray]) -> np.ndarray:
    """Layers laid over white from the bottom up, by Pillow."""
    page = Image.new("RGBA", layers[0].shape[1::-1], "white")
    for layer in layers:
        page.alpha_composite(Image.fromarray(np.ascontiguousarray(layer)))
    return np.asarray(page.convert("RGB")).astype(int)


@pytest.mark.parametrize("has_paper", [True, False])
def test_the_colors_come_below_the_lines(krita, address, reference, monkeypatch, has_paper):
    client = sys.modules[f"{PACKAGE}.client"]
    monkeypatch.setattr(client.ask, "__defaults__", (address,))
    krita.document, krita.chosen = Document(has_paper), reference
    (extension,) = krita.extensions
    extension.color()
    assert krita.told == [] and krita.document.refreshed
    children = krita.document.root.children
    assert [node.name for node in children] == ["Background"] * has_paper + ["Colors", "my lines"]
    colors = children[-2].children
    assert colors and not {node.name for node in colors} & {"lines", "paper"}
    shown = over([*(node.pixels for node in colors), LINES])
    expected = PAINTER.paint(SKETCH, reference, paper="white").astype(int)
    inside = np.s_[11:37, 11:53]  # colors; the lines have soft edges there, hard ones here
    np.testing.assert_allclose(shown[inside], expected[inside], atol=1)
    assert expected[inside].std() > 5


def test_what_goes_wrong_is_one_line_for_people(krita, address, reference, monkeypatch, tmp_path):
    client = sys.modules[f"{PACKAGE}.client"]
    (extension,) = krita.extensions
    extension.color()
    krita.document = Document(True)
    extension.color()  # no reference was chosen
    monkeypatch.setattr(client.ask, "__defaults__", (address,))
    krita.chosen = str(tmp_path / "text.png")
    (tmp_path / "text.png").write_text("no picture")
    extension.color()
    monkeypatch.setattr(client.ask, "__defaults__", ("http://127.0.0.1:9",))
    krita.chosen = reference
    extension.color()
    monkeypatch.setattr(Node, "colorDepth", lambda self: "U16")
    extension.color()
    words = ("Open a picture", "text.png: ", "no studio answers", "convert it first")
    assert len(krita.told) == len(words)
    for told, word in zip(krita.told, words, strict=True):
        assert word in told and "\n" not in told
    assert len(krita.document.root.children) == 2


def test_pixels_become_a_png_as_they_are(krita):
    client = sys.modules[f"{PACKAGE}.client"]
    rgba = np.random.default_rng(5).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    data = client.encode_png(rgba[..., [2, 1, 0, 3]].tobytes(), 5, 7)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), rgba)
