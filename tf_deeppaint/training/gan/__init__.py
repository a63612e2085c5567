"""Training against a discriminator, as "Attentioned Deep Paint" does.

In: batches of sketches, palettes and pictures, see `training`. Out: a generator whose pictures the
discriminator takes for real, and which are near the true ones. `deep_paint` has the step, `losses`
what it minimizes, `image_pool` the past pictures that the discriminator sees again.
"""
