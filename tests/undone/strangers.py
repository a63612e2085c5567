"""Files of strangers that got out of what reads them, or stopped it."""
# ruff: noqa: E501 - names of tests and lines of code stay whole, so that a search finds them

from tests.undone.mend import CRASH, HANG, MEMORY, Mend, Place

_ARCHIVES, _FILES = "tf_deeppaint/utils/keras_archives.py", "tf_deeppaint/utils/files.py"
_FETCHING, _SVG = (f"tf_deeppaint/data/sources/{name}.py" for name in ("fetching", "svg"))
_RECORDS, _FRAMES = "tf_deeppaint/data/records.py", "tf_deeppaint/data/frames.py"
_DECODING = "tf_deeppaint/images/decoding.py"
_SERVED, _HEADERS = (f"tf_deeppaint/serving/{n}.py" for n in ("decoding", "picture_headers"))
_TEST_ARCHIVES = "tests/utils/test_keras_archives.py"
_TEST_SVG, _TEST_FETCHING = (f"tests/data/sources/test_{n}.py" for n in ("svg", "fetching"))
_TEST_RECORDS, _TEST_FRAMES = "tests/data/test_records.py", "tests/data/test_frames.py"
_TEST_DECODING = "tests/images/test_decoding.py"
_BOUNDED = f"{_TEST_FETCHING}::test_what_an_archive_unpacks_to_is_bounded"
_REFUSED_SVG = f"{_TEST_SVG}::test_all_else_is_refused_in_no_time"


def _unchecked_svg(what: str, kind: str = "") -> Mend:
    return Mend(
        f"an SVG reaches the rasterizer unchecked: {what}",
        (Place(_SVG, "        _Checker().check(svg)\n", ""),),
        (f"{_REFUSED_SVG}[{what}]",),
        kind,
    )


def _unbounded(what: str, mended: str, undone: str, case: str) -> Mend:
    return Mend(what, (Place(_FETCHING, mended, undone),), (f"{_BOUNDED}[{case}]",))


LET_IN = {
    "a file that is zip and HDF5 at once": (
        Mend(
            "what is a zip is checked as one, whatever its suffix",
            (Place(_ARCHIVES, 'if suffix == ".keras":', "if zipfile.is_zipfile(path):"),),
            (
                f"{_TEST_ARCHIVES}::test_a_file_that_is_zip_and_hdf5_at_once_is_checked_as_what_keras_opens",
            ),
        ),
    ),
    "HDF5 whose arrays lie in other files, or that links to them": (
        Mend(
            "links in it are followed",
            (
                Place(
                    _ARCHIVES,
                    "if not isinstance(group.get(name, getlink=True), h5py.HardLink):",
                    "if False:",
                ),
            ),
            (f"{_TEST_ARCHIVES}::test_hdf5_that_leads_out_of_itself_is_refused",),
        ),
        Mend(
            "arrays may lie outside",
            (Place(_ARCHIVES, "if dataset.external or dataset.is_virtual or", "if"),),
            (
                f"{_TEST_ARCHIVES}::test_weights_that_lead_out_of_the_file_or_blow_up_are_refused",
                f"{_TEST_ARCHIVES}::test_hdf5_that_leads_out_of_itself_is_refused",
            ),
        ),
        Mend(
            "a file of HDF5 alone is not looked into",
            (Place(_ARCHIVES, "            check_weights(file, files.size(path))\n", ""),),
            (f"{_TEST_ARCHIVES}::test_hdf5_that_leads_out_of_itself_is_refused",),
        ),
    ),
    "names aside could be guessed, links were followed": (
        Mend(
            "a file aside is opened where something is there already",
            (Place(_FILES, '"wb" if is_remote(path) else "xb"', '"wb"'),),
            (
                "tests/utils/test_files.py::test_a_link_in_the_place_of_the_file_aside_is_not_followed",
            ),
        ),
        Mend(
            "names aside can be guessed",
            (Place(_FILES, "secrets.token_hex(6)", "'0' * 12"),),
            (
                "tests/utils/test_files.py::test_a_name_aside_is_hidden_and_nobody_elses_and_ends_alike",
            ),
        ),
        Mend(
            "those of shards can",
            (
                Place(
                    "tf_deeppaint/data/build/shards.py",
                    "files.name_aside(name))",
                    'f"{name}{files.INCOMPLETE}")',
                ),
            ),
            (
                "tests/data/build/test_builder.py::test_a_link_that_comes_while_a_shard_is_written_is_not_written_through",
            ),
        ),
        Mend(
            "those of shards can, and what is there already stays",
            (
                Place(
                    "tf_deeppaint/data/build/shards.py",
                    "files.name_aside(name))",
                    'f"{name}{files.INCOMPLETE}")',
                ),
                Place(
                    "tf_deeppaint/data/build/builder.py",
                    "name.removesuffix(files.INCOMPLETE)",
                    "''",
                ),
            ),
            (
                "tests/data/build/test_builder.py::test_a_link_in_the_place_of_a_shard_is_not_written_through",
            ),
        ),
        Mend(
            "those of exports can",
            (
                Place(
                    "tf_deeppaint/exporting/outputs.py",
                    "output.with_name(files.name_aside(output.name))",
                    'output.with_name(f".{output.name}{files.INCOMPLETE}")',
                ),
            ),
            (
                "tests/exporting/test_outputs.py::test_a_link_in_the_place_of_an_export_aside_is_not_written_through",
            ),
        ),
        Mend(
            "the file of a lock may be a link",
            (Place("tf_deeppaint/utils/locks.py", ' | getattr(os, "O_NOFOLLOW", 0)', ""),),
            ("tests/utils/test_locks.py::test_a_file_that_is_a_link_is_not_written_through",),
        ),
    ),
    "SVG read files, crashed and hung the process": (
        _unchecked_svg("an image"),
        _unchecked_svg("a file that is used"),
        _unchecked_svg("deep groups", CRASH),
        _unchecked_svg("a filter", HANG),
        Mend(
            "what it refers to is not looked at",
            (Place(_SVG, "if _ELSEWHERE.search(value) or (is_link", "if False and (is_link"),),
            (
                f"{_REFUSED_SVG}[a file that is used]",
                f"{_REFUSED_SVG}[a fill elsewhere]",
                f"{_REFUSED_SVG}[a style elsewhere]",
            ),
        ),
        Mend(
            "it may be of any length",
            (Place(_SVG, "if len(svg) > _MAX_BYTES:", "if False:"),),
            (f"{_TEST_SVG}::test_entities_and_long_documents_are_refused",),
        ),
        Mend(
            "it may declare entities",
            (Place(_SVG, "        parser.EntityDeclHandler = self._entity\n", ""),),
            (f"{_TEST_SVG}::test_entities_and_long_documents_are_refused",),
        ),
    ),
    "fetched packages of any content": (
        Mend(
            "npm's digest is not compared",
            (
                Place(
                    _FETCHING,
                    '"*.tgz")):\n            _check_digest(archive, digest, spec)\n',
                    '"*.tgz")):\n',
                ),
            ),
            (f"{_TEST_FETCHING}::test_a_package_of_another_digest_is_not_opened",),
        ),
        Mend(
            "PyPI's digest is not compared",
            (
                Place(
                    _FETCHING,
                    '"*.whl")):\n            _check_digest(archive, digest, spec)\n',
                    '"*.whl")):\n',
                ),
            ),
            (f"{_TEST_FETCHING}::test_fetch_pypi_unpacks_only_wanted_files_and_only_once",),
        ),
        Mend(
            "Debian's digests are not compared",
            (
                Place(
                    _FETCHING,
                    "            if archive.name in digests:\n",
                    "            if False:\n",
                ),
            ),
            (f"{_TEST_FETCHING}::test_fetch_debian_unpacks_all_packages_into_one_folder",),
        ),
    ),
    "archives unpacked without end": (
        _unbounded(
            "a file may be of any size", "if len(content) > _MAX_FILE:", "if False:", "one file"
        ),
        _unbounded("a sparse file may", "if len(content) > _MAX_FILE:", "if False:", "holes"),
        _unbounded("all files together may", "if unpacked > _MAX_UNPACKED or", "if", "all files"),
        _unbounded("there may be any number", " or count > _MAX_FILES:", ":", "many files"),
        _unbounded(
            "what is passed over may be of any size",
            "        if self.left < 0:",
            "        if False:",
            "files that are not wanted",
        ),
        Mend(
            "a client may write files of any size",
            (
                Place(
                    _FETCHING,
                    "preexec_fn=_limit_files if resource is not None else None",
                    "preexec_fn=None",
                ),
            ),
            (f"{_TEST_FETCHING}::test_what_a_client_writes_is_bounded",),
        ),
    ),
    "names of shards led out of their folder": (
        Mend(
            "a shard may have any name",
            (
                Place(
                    _RECORDS,
                    "if not all(is_shard_name(shard.name) for shard in listed):",
                    "if False:",
                ),
            ),
            (f"{_TEST_RECORDS}::test_a_shard_name_that_is_none_is_refused",),
        ),
    ),
}

DOWN = {
    "a record of a stated length of 2^40": (
        Mend(
            "no length is checked",
            (Place(_FRAMES, "    if files.is_remote(path):\n", "    if True:\n"),),
            (
                f"{_TEST_FRAMES}::test_a_length_that_cannot_be_is_damage",
                f"{_TEST_FRAMES}::test_a_beginning_of_a_record_is_damage",
            ),
        ),
        Mend(
            "TensorFlow gets shards whose lengths nobody has checked",
            (Place(_RECORDS, "        check_frames(shard_path)\n", ""),),
            (f"{_TEST_FRAMES}::test_nobody_gives_such_a_shard_to_tensorflow",),
            CRASH,
        ),
        Mend(
            "our own reader reads as much as a length says",
            (Place(_FRAMES, ' if length <= _MAX_RECORD else b""', ""),),
            (f"{_TEST_FRAMES}::test_a_length_that_cannot_be_is_damage",),
            MEMORY,
        ),
    ),
    "counts of 10^12 and 10^30 in a manifest": (
        Mend(
            "more records may be listed than fit into a shard",
            (Place(_RECORDS, "if any(shard.records * FRAME_BYTES > shard.bytes", "if any(False"),),
            (f"{_TEST_RECORDS}::test_a_shard_that_is_listed_wrongly_is_damage",),
        ),
        Mend(
            "both counts may be huge",
            (Place(_RECORDS, "if any(n >= 2**48", "if any(False"),),
            (f"{_TEST_RECORDS}::test_both_counts_of_a_shard_may_not_be_huge",),
        ),
    ),
    "metadata of `.tflite` files": (
        Mend(
            "the graph need not be the one described",
            (
                Place(
                    "tf_deeppaint/painting/litert_backend.py",
                    "if not is_described(metadata, shapes, set(outputs)):",
                    "if False:",
                ),
            ),
            ("tests/painting/test_litert_backend.py::test_metadata_of_another_graph_is_damage",),
        ),
        Mend(
            "values may be of any type",
            (
                Place(
                    "tf_deeppaint/painting/converted/description.py",
                    "if type(description[name]) is not kind]",
                    "if False]",
                ),
            ),
            ("tests/painting/test_litert_backend.py::test_metadata_of_another_graph_is_damage",),
        ),
    ),
    "a PNG with 900 compressed texts": (
        Mend(
            "Pillow gets the texts",
            (
                Place(
                    "tf_deeppaint/images/formats/png.py",
                    "drop_texts(reader.getvalue())",
                    "reader.getvalue()",
                ),
            ),
            ("tests/serving/test_png_chunks.py::test_a_picture_with_texts_is_the_picture_without",),
        ),
        Mend(
            "the graph of a SavedModel gets the texts",
            (Place(_SERVED, "drop_texts(data), channels", "data, channels"),),
            ("tests/serving/test_decoding.py::test_a_png_of_many_texts_costs_little",),
        ),
        Mend(
            "training gets all that a record holds",
            (
                Place(
                    "tf_deeppaint/data/parsing.py",
                    "    data = tf.strings.substr(data, 0, 2 * side * side * channels + _PNG_ROOM)\n",
                    "",
                ),
            ),
            ("tests/data/test_parsing.py::test_what_a_png_holds_beside_its_pixels_is_bounded",),
        ),
        Mend(
            "verification gets the texts",
            (
                Place(
                    "tf_deeppaint/data/build/verification.py",
                    "    pixels = cv2.imdecode(np.frombuffer(drop_texts(png)",
                    "    pixels = cv2.imdecode(np.frombuffer((png)",
                ),
            ),
            ("tests/data/build/test_verification.py::test_texts_of_pictures_are_not_unpacked",),
        ),
    ),
    "a JPEG of hundreds of scans, a GIF of 35 bytes": (
        Mend(
            "a JPEG may have any number of scans",
            (Place(_DECODING, "if any(data.count(part) > MAX_SCANS", "if any(False"),),
            (f"{_TEST_DECODING}::test_a_jpeg_of_more_scans_than_any_encoder_writes_is_refused",),
        ),
        Mend(
            "however large it is",
            (
                Place(_DECODING, "data.count(jpeg.SCAN) * pixels > MAX_SCANNED", "False"),
                Place(
                    _HEADERS, "scans < MAX_SCANS and scans * height * width <= MAX_SCANNED", "True"
                ),
            ),
            (
                "tests/serving/test_decoding.py::test_a_large_jpeg_may_have_fewer_scans",
                "tests/serving/test_decoding.py::test_a_jpeg_of_thousands_of_scans_is_not_decoded",
            ),
        ),
        Mend(
            "a GIF without its pixels is a picture",
            (
                Place(
                    _DECODING,
                    "        picture.load()\n        if form",
                    '        __import__("PIL.ImageFile").ImageFile.LOAD_TRUNCATED_IMAGES = True\n'
                    "        picture.load()\n        if form",
                ),
            ),
            (f"{_TEST_DECODING}::test_hostile_files_cost_little[GIF: 35 bytes]",),
            MEMORY,
        ),
    ),
    "layers of 8192 x 8192 pixels": (
        Mend(
            "a layer is made whole before it is written",
            (
                Place(
                    "tf_deeppaint/painting/layer_files.py",
                    "map(layer.rows, row_slices(layer.size[0])), dpi",
                    "iter([np.concatenate(list(map(layer.rows, row_slices(layer.size[0]))))]), dpi",
                ),
            ),
            (
                "tests/painting/test_layer_files.py::test_layers_are_written_in_the_memory_of_a_few_rows",
            ),
        ),
        Mend(
            "who saves them in the studio keeps all others waiting",
            (
                Place(
                    "tf_deeppaint/studio/page.py",
                    '_PAINTER, _SAVING = "painter", "saving"',
                    '_PAINTER = _SAVING = "painter"',
                ),
            ),
            ("tests/studio/test_many_pages.py::test_who_saves_layers_keeps_nobody_from_a_picture",),
        ),
    ),
}
