"""SVG of strangers: plain shapes are drawn, and nothing else reaches the rasterizer."""

import time

import numpy as np
import pytest

from tf_deeppaint.data.sources.svg import rasterize
from tf_deeppaint.utils.errors import DeepPaintError

pytest.importorskip("resvg_py")

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
HEAD += 'viewBox="0 0 10 10" width="10" height="10">'


def document(body: str, before: str = "") -> bytes:
    return f"{before}{HEAD}{body}</svg>".encode()


def test_plain_shapes_and_repeated_ones_are_drawn() -> None:
    body = '<defs><rect id="a" width="5" height="10" fill="#f00"/></defs><use href="#a"/>'
    body += '<g><use xlink:href="#a" x="5" style="opacity:1"/></g>'
    drawn = rasterize(document(body), "it", 20)
    assert drawn.shape == (20, 20, 3)
    np.testing.assert_array_equal(drawn, np.broadcast_to([255, 0, 0], drawn.shape))


def exponential(levels: int) -> str:
    """Groups that draw the one before twice."""
    groups = ['<g id="g0"><rect width="1" height="1"/></g>']
    groups += [
        f'<g id="g{n}"><use href="#g{n - 1}"/><use href="#g{n - 1}"/></g>' for n in range(1, levels)
    ]
    return f'<defs>{"".join(groups)}</defs><use href="#g{levels - 1}"/>'


BAD = {
    "an image": '<image href="/etc/passwd" width="9" height="9"/>',
    "a file that is used": '<use href="/etc/passwd"/>',
    "an address that is used": '<use xlink:href="http://localhost/a.svg#a"/>',
    "a fill elsewhere": '<rect width="9" height="9" fill="url(http://localhost/#a)"/>',
    "a style elsewhere": "<rect width='9' height='9' style=\"fill: url( 'a.svg#b')\"/>",
    "a filter": '<filter id="f"><feTurbulence numOctaves="9999999"/></filter>',
    "a script": "<script>1</script>",
    "another document": "<foreignObject/>",
    "text": "<text>a</text>",
    "deep groups": "<g>" * 200_000 + "</g>" * 200_000,
    "many shapes": "<rect/>" * 60_000,
    "shapes that double": exponential(40),
    "a part inside of itself": '<g id="a"><use href="#a"/></g>',
    "no end": "<g>",
}


@pytest.mark.parametrize("name", BAD)
def test_all_else_is_refused_in_no_time(name) -> None:
    began = time.process_time()
    with pytest.raises(DeepPaintError, match=r"it\.svg: not an SVG that can be drawn") as caught:
        rasterize(document(BAD[name]), "it.svg", 20)
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 5


def test_entities_and_long_documents_are_refused() -> None:
    entity = '<!DOCTYPE svg [<!ENTITY a SYSTEM "/etc/passwd">]>'
    harmless = '<!DOCTYPE svg [<!ENTITY a "b">]>'  # the rasterizer itself would take it
    named = (document("<title>&a;</title>", before) for before in (entity, harmless))
    for data in (*named, document(" " * 2**22), b"\xff\xfe<svg/>"):
        with pytest.raises(DeepPaintError, match="not an SVG that can be drawn"):
            rasterize(data, "it.svg", 20)
