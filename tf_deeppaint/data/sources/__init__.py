"""Sources: where examples come from, one module each, all listed in `registry`.

A source lists its examples by name, inspects those whose near-duplicates it does not know, and
loads one at a time (`base.Source`):

    source = make_source("folder", {"input": "my_pictures"})
    for example in source.examples():             # Example or Skipped
        inspection = source.inspect(example)      # digest, small picture; or Skipped
        loaded = source.load(example, size=256)   # picture (H, W, 3), sketch (H, W) or None

It is a frozen dataclass derived from `Source`. Its fields, declared by `utils.options.option`, are
its options and become the flags of `deeppaint build`; sources may share a flag. `origin`
says who made the pictures and under which license; it goes into the manifest and the model card. A
source of characters also loads `partners`, other drawings in the same colors (`color_schemes`), and
`parts`, the role of every pixel.

To add a source: write a module with such a class, and name it in `registry.SOURCES`. `--help`
imports the module: at its top it must not import TensorFlow or OpenCV. A source that knows which
examples show the same gives them one `group`. Another leaves `group` empty and has `inspect`; then
the builder compares the pictures. `fetching` gets public packages by name.
"""
