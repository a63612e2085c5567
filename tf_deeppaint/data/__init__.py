"""Data sets: pictures of a source -> TFRecord shards -> batches for training and evaluation.

    sources/            examples, each a colored picture, perhaps with its line art
      -> build/         shards `SPLIT-NNNNN.tfrecord` and `manifest.json`
      -> loading        batches of sketch, palette and picture

`records` is the format of a shard and of the manifest; tfrecords/README.md specifies it. A record
holds PNG: one or more sketches `(S, S)`, the picture `(S, S, 3)` and its palette `(4, 4, 3)`.

`loading` is the entrance for readers. A batch is a dictionary of float32 tensors in [-1, 1]:
`sketch` `(N, S, S, 3)`, `palette` `(N, 4, 4, 3)` and `picture` `(N, S, S, 3)`. `ordering` shuffles
the records, `parsing` decodes one, `augmentation` changes it at random, all in the graph. The order
and the changes depend on a seed and the record's number alone: a training that stopped goes on with
the very batches that it would have had.

Shards may be damaged: `bad_records` reads them record by record and counts the bad ones, `damage`
names the shards. `summary` describes a data set in numbers.
"""
