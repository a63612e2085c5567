"""Characters drawn by people, in any colors: the sources avatars, comicgen and composite.

The packages `dicebear-styles` and `comicgen` hold people as SVG in parts (hair, eyes, clothes,
poses), whose colors are options. An artist (`artists`) picks parts and writes their SVG with the
code of a role (`color_schemes.ROLES`: skin, hair, top, ...) as every fill. One rasterization then
gives the line art and the role of every pixel (`figures`), and each coloring is a lookup in a color
scheme (`coloring`).

In: the packages' files (`dicebear`, `comicgen`) and rules of how their colors become roles
(`styles`). Out: for each example its line art, its picture, the role of every pixel, and pictures
of partners: drawings by any of the artists in the same scheme, so that a partner is a reference
whose true answer is known.

Drawings are split by part, not by number: about one in eight hair styles, garments and poses is
held out (`holdout`), and drawings of the test split are made of held-out parts.
"""
