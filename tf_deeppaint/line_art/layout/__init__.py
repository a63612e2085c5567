"""How a drawing lies on its page, and its regions to each other.

In: a sketch at the working size, uint8 `(h, w)`, or its regions, labels `(h, w)`.

* `framing` finds the window of the page that the network sees: the drawing, without wide margins.
* `figures` finds those that stand apart on the page: each has a window of its own.
* `cut_off` finds the line that closes a figure which ends in the middle of the page.
* `twins` finds regions that mirror each other, as two sleeves or legs do.

`serving.layout` has the same in the TensorFlow graph, but for the windows of several figures.
"""
