"""Dolls: simple characters that the program draws itself, any number of them.

A seed and a number decide everything about a doll: the colors of skin, hair and clothes that go
together (`colors`), pose and proportions (`frames`), face (`faces`), hair (`hair`, `hairstyles`,
`headwear`), and a clothed body (`bodies`, `clothes`, `things`, `ornaments`). `doll` puts them
together, `source` lists dolls by name. `anime` makes taller dolls of these parts, `adults` grown-up
people of parts of their own.

Each part is a list of shapes in head radii: the head has radius 1 at (0, 0), x grows to the right
and y down, the chin is near (0, 1). Shapes drawn later cover those drawn before, their lines too.
`canvas` draws them twice at two to four times the size: flat colors with cel shadows, and ink on
white. So the sketch holds the true lines of the picture, and every region is closed.

Random numbers are drawn in a fixed order: one more call to `rng` changes all dolls, and with them
every data set of dolls.
"""
