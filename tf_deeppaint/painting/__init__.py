"""The Painter: from a sketch and colors to a picture of the sketch's size.

In: a sketch, uint8 `(H, W)`, and a palette, uint8 `(4, 4, 3)`, or the reference it is extracted
from. Out: a picture, uint8 RGB `(H, W, 3)`, or layers for a paint program.

1. `inputs` reads sketches and references. The sketch is fitted onto the network's square canvas.
   A sketch over twice as long as wide has a longer one, and `windows` runs the network along it.
2. `keras_backend` or `litert_backend` runs the network on canvases `(N, S, S)`. What it returns is
   a `prediction`, which can be mixed in other palettes without the network.
3. `painting` cuts the colors out of the canvas, `upsampling` enlarges them so that none crosses a
   line, and the sketch's own lines are laid over them.
4. `outputs` and `layer_files` write pictures, layers, contact sheets and heat maps.

`painter` holds the class that does it all. `jobs` and `batch` paint folders. Painting is
deterministic and float32. How the network works is in `networks`.
"""
