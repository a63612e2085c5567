"""What people see of the plugin: an action below Tools, Scripts."""

from krita import Extension, Krita
from PyQt5.QtCore import QByteArray
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QFileDialog, QMessageBox

from .client import StudioError, ask

TITLE = "DeepPaint"
PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.avif)"


class DeepPaint(Extension):
    """Colors the lines of the layer that is chosen."""

    def setup(self):
        """Nothing is to be prepared."""

    def createActions(self, window):  # noqa: N802 (Krita's name)
        action = window.createAction(
            "deeppaint_color", "Color the lines of this layer", "tools/scripts"
        )
        action.triggered.connect(self.color)

    def color(self):
        """Asks for a reference, lets the studio color, and puts the layers below the lines."""
        document = Krita.instance().activeDocument()
        lines = document and document.activeNode()
        if not lines:
            self.tell("Open a picture and choose the layer of its lines first.")
            return
        if (lines.colorModel(), lines.colorDepth()) != ("RGBA", "U8"):
            self.tell("The layer has other pixels than RGB of 8 bits; convert it first.")
            return
        reference, _ = QFileDialog.getOpenFileName(None, "A picture with the colors", "", PICTURES)
        if not reference:
            return
        width, height = document.width(), document.height()
        pixels = bytes(lines.projectionPixelData(0, 0, width, height))
        try:
            layers = ask(pixels, width, height, reference)
        except (StudioError, OSError) as error:
            self.tell(str(error))
            return
        self.put_below(document, lines, layers)
        document.refreshProjection()

    def put_below(self, document, lines, layers):
        """Puts layers, from the bottom up, into a group directly below the lines."""
        group = document.createGroupLayer("Colors")
        parent = lines.parentNode()
        siblings = parent.childNodes()  # from the bottom up
        place = next(n for n, node in enumerate(siblings) if node.uniqueId() == lines.uniqueId())
        if place > 0:
            parent.addChildNode(group, siblings[place - 1])
        else:
            parent.setChildNodes([group, *siblings])
        for name, mode, png in layers:
            image = QImage.fromData(png).convertToFormat(QImage.Format_ARGB32)
            width, height = image.width(), image.height()
            bits = image.constBits()  # BGRA, as Krita has it
            bits.setsize(4 * width * height)
            layer = document.createNode(name, "paintlayer")
            layer.setBlendingMode(mode)
            group.addChildNode(layer, None)
            layer.setPixelData(QByteArray(bytes(bits)), 0, 0, width, height)

    def tell(self, text):
        """Shows a line."""
        QMessageBox.information(None, TITLE, text)
