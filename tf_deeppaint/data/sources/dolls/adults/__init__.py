"""Adults: grown-up people as comics and flat illustrations draw them.

`bodies` has their measures and joints. `faces`, `beards`, `hair` and `hats` make heads, `garments`,
`jackets`, `shoes` and `arms` clothed bodies, `things` what is held, carried or sat on. `adult` puts
them together. Units are those of the other dolls: half a head's height is 1, the middle of the head
is (0, 0), the chin is near (0, 1).
"""
