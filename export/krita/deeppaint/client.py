"""Asks a studio for layers: pixels as Krita has them in, layers as Krita takes them out.

Nothing but Python's own library is needed. Pixels are BGRA of 8 bits a channel, row by row, which
is what Krita calls RGBA, U8.
"""

import http.client
import io
import os
import secrets
import struct
import urllib.error
import urllib.request
import zipfile
import zlib
from xml.etree import ElementTree

ADDRESS = "http://127.0.0.1:7860"
PATIENCE = 300  # seconds
# Layers of the answer that Krita has already.
OWN = ("lines", "paper")
# OpenRaster's operators and Krita's names of them; others are laid over as usual.
MODES = {"svg:multiply": "multiply", "svg:screen": "screen"}


class StudioError(Exception):
    """What went wrong, in one line for people."""


def ask(pixels, width, height, reference, address=ADDRESS):
    """Lets a studio color a layer.

    Args:
        pixels: The layer of lines, `4 * width * height` bytes.
        width: Its width in pixels.
        height: Its height.
        reference: The path of a picture with the colors.
        address: The studio's address.

    Returns:
        The layers from the bottom up: `(name, mode, png)` each, with the bytes of a PNG file.

    Raises:
        StudioError: no studio is there, or it refuses.
    """
    with open(reference, "rb") as file:
        files = {
            "sketch": ("lines.png", encode_png(pixels, width, height)),
            "reference": (os.path.basename(reference), file.read()),
        }
    mark = secrets.token_hex(16)
    body = write_form(files, {"format": "ora", "paper": "transparent"}, mark)
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    request = urllib.request.Request(f"{address}/api/paint", body, kind)
    try:
        # The studio is on this machine, whatever proxy others are reached by.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            return read_layers(answer.read())
    except urllib.error.HTTPError as error:
        raise StudioError(error.read().decode("utf-8", "replace").strip()) from error
    except (http.client.HTTPException, zipfile.BadZipFile) as error:
        raise StudioError(f"what answers at {address} is no studio") from error
    except OSError as error:
        raise StudioError(
            f"no studio answers at {address}; start it: python -m tf_deeppaint.studio"
        ) from error


def encode_png(pixels, width, height):
    """Encodes BGRA pixels as PNG."""
    rgba = bytearray(pixels)
    rgba[0::4], rgba[2::4] = pixels[2::4], pixels[0::4]
    row = 4 * width
    rows = b"".join(b"\0" + rgba[y * row : (y + 1) * row] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def write_form(files, fields, mark):
    """The body of a form, multipart/form-data; `mark` parts it."""
    body = io.BytesIO()
    for name, (filename, data) in files.items():
        # Names may hold anything: only what is harmless in a header is told.
        filename = "".join(
            c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename
        )
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        body.write(f"--{mark}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    for name, text in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        body.write(f"--{mark}\r\n{head}\r\n\r\n{text}\r\n".encode())
    body.write(f"--{mark}--\r\n".encode())
    return body.getvalue()


def read_layers(data):
    """The layers of an OpenRaster file from the bottom up, without those that are `OWN`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        stack = ElementTree.fromstring(archive.read("stack.xml"))
        listed = [layer for layer in stack.iter("layer") if layer.get("name") not in OWN]
        return [
            (
                layer.get("name"),
                MODES.get(layer.get("composite-op"), "normal"),
                archive.read(layer.get("src")),
            )
            for layer in reversed(listed)
        ]
