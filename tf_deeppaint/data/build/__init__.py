"""Building: the examples of a source -> shards and a manifest, on one machine or many.

    list       every example, into the plan: an SQLite file in the output folder (`plan`)
    inspect    those of no known group: SHA-256 of their files, perceptual hash of the picture
    arrange    near-duplicates form clusters (`near_duplicates`), each in one split; a position
               for every record
    write      shard after shard: fitted, sketched, palette extracted (`preparation`, `shards`)
    manifest   written last, from the receipts of the shards

`builder.build_dataset` does all of it, by the options in `config`. The work itself runs on local
processes (`workers`) or on Apache Beam (`beam`).

A build may be killed at any moment; the same command goes on and ends with the same bytes. The
plan decides what each shard holds, a stage is stored as a whole or not at all, a shard gets its
name when it is complete and a receipt after that. `verification` checks a finished data set.
"""
