"""The work of a visitor: what an open page shows, its edits, and what is saved of it.

A page names its work by a key that it made up and keeps, so that a reload finds the work again. All
of a work stays on the server: the page gets pictures, and sends colors, places and choices.

* `works` keeps all works, each as long as a page shows it.
* `edits` are palette and hints, with undo and redo.
* `view` is what the page is told of a work.
* `maps` tells which color and region each pixel of a picture has.
* `saving` writes what a page downloads.
"""
