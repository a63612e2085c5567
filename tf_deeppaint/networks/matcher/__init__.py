"""The color matcher: finds for every place of a drawing the palette's color that belongs there.

The paper's generator sees the palette as four images. Here every color is a token: a vector that
looks at the other colors and at the whole drawing, as every patch of the drawing looks at the
colors (self-attention over both: Vaswani et al., arXiv:1706.03762). So "the skin" is found among
the colors before it is looked for in the drawing. From the input to the picture:

1. *stem*: 2 x 2 pixels become one place of four channels: no convolution runs at full resolution;
2. *down*: residual blocks at 1/2, 1/4, 1/8 and 1/16 of the side;
3. *tokens*: the places at 1/16, with their position, and the eighteen colors, with theirs;
   `blocks` of self-attention over all of them;
4. *up*: residual blocks at 1/8, 1/4 and 1/2, each joined to the level it mirrors;
5. *head*: at 1/2 a query for every place; its dot products with the colors' keys choose among
   them. Interpolated to twice the size, with a softmax over the colors, that is a mixture as of
   `heads.PaletteMixture`.
"""
