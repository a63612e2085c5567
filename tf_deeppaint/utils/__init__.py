"""What every package needs and what knows nothing of pictures.

* `errors`: `DeepPaintError`, the one exception: what is wrong, with which file or flag, and what to
  do. The library raises it wherever the cause lies outside the code; `programs` prints it as one
  line and exits with status 1.
* `files`: reading, listing and writing, on this machine or in a cloud (`gs://...`). A file is
  written under a hidden name beside its own, synced to the disk, and renamed. So a reader never
  sees half of it, and a program that is killed leaves the old one.
* `locks`: a folder that one process at a time writes to.
* `keras_archives`: checks of model files from strangers, before Keras opens them.
* `imports`: what is done once a module is imported, whoever imports it.
* `options`: options declared once as a dataclass; flags and checks are made from it.
* `programs`, `streams`, `progress`, `silence`: how programs start and end, print where nothing can
  be printed, show progress, and keep native libraries quiet.

Nothing here imports TensorFlow until a path with a scheme needs it.
"""
