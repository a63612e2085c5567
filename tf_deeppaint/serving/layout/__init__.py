"""`line_art.layout` in the TensorFlow graph: how a drawing lies on its page.

* `framing`: the window of the page that the network sees, and its mixture laid on the canvas.
* `figures`: the bodies in a drawing. Figures that stand apart have no windows of their own.
* `cut_off`: the line that closes a figure which ends in the middle of the page.
* `twins`: regions that mirror each other.

The functions return what those of `line_art.layout` return.
"""
