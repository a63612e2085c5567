"""Programs of data sets and exports: each module has flags and a `main`, and prints what it did.

`deeppaint build`, `show`, `verify` and `export ...` run them, as do the thin programs of a clone's
folders `tfrecords/` and `export/`. The other programs stand beside this package: `train`,
`colorize`, `evaluate`, `import_torch`, and those of the packages `palette` and `studio`.
"""
