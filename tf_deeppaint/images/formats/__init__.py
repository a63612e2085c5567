"""The formats of picture files: how each is recognized, checked and opened.

* `registry` lists the formats. Pillow reads the pixels, pillow-heif those of HEIC.
* `limits` holds the limits that all share: the size, and the number of reads.
* `jpeg`, `tiff` and `psd` check what Pillow would trust, and put right what it reads otherwise than
  viewers do.
* `heif` opens AVIF and HEIC, whose decoders trust what a file claims of its size; `boxes` walks
  through the container of both, and `av1` through the pictures inside an AVIF.

A module of a format offers two functions. `open_...(reader, name)` checks the header and returns an
image whose pixels are not decoded yet; `is_whole_...(data)` tells whether a file has its end.
"""
