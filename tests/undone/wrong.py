"""What was wrong and passed, and what ended programs unkindly."""

from tests.mutants import SUBJECTS
from tests.undone.mend import Mend, Place

_FIDELITY, _SAVED = (f"tf_deeppaint/exporting/{n}.py" for n in ("fidelity", "saved_model"))
_STREAMS, _PROGRAMS = "tf_deeppaint/utils/streams.py", "tf_deeppaint/utils/programs.py"
_TORCH = "tf_deeppaint/networks/torch_weights.py"
_TEST_FIDELITY, _TEST_SAVED = (f"tests/exporting/test_{n}.py" for n in ("fidelity", "saved_model"))
_TEST_STREAMS, _TEST_TORCH = "tests/utils/test_streams.py", "tests/networks/test_torch_weights.py"


def _compared(what: str, mended: str, undone: str, wrong: str) -> Mend:
    test = f"{_TEST_SAVED}::test_every_signature_is_compared[{wrong}]"
    return Mend(what, (Place(_SAVED, mended, undone),), (test,))


WRONG = {
    "exports were compared by their picture alone": (
        Mend(
            "what is mixed of weights, shade and ink is not compared",
            (Place(_FIDELITY, "    if artifact.mix is not None:", "    if False:"),),
            (f"{_TEST_FIDELITY}::test_a_file_whose_parts_paint_another_picture_is_found",),
        ),
        _compared(
            "of a SavedModel the default signature is not compared",
            'in ("serving_default", "paint_palette"):',
            'in ("paint_palette",):',
            "serving_default",
        ),
        _compared(
            "that of a palette is not",
            'in ("serving_default", "paint_palette"):',
            'in ("serving_default",):',
            "paint_palette",
        ),
        _compared(
            "the palettes are not",
            'if not np.array_equal(answer("palette"), palettes):',
            "if False:",
            "palette",
        ),
        Mend(
            "`export verify` compares the signature of tensors alone",
            (
                Place(
                    "tf_deeppaint/commands/export_verify.py",
                    "    if files.is_folder(_ARTIFACT.value):",
                    "    if False:",
                ),
            ),
            (f"{_TEST_SAVED}::test_verify_compares_every_signature",),
        ),
    ),
    "full int8's bound passed a network without one of its head's filters": (
        Mend(
            "bounds are those of the precision, whatever the network",
            (
                Place(
                    _FIDELITY,
                    "    if fidelity.rounded_psnr is not None:\n        least",
                    "    if False:\n        least",
                ),
            ),
            (
                "tests/exporting/test_rounding.py::test_a_filter_that_is_missing_is_found_where_the_pictures_would_pass",
            ),
        ),
    ),
    "the import of PyTorch's weights was tested nowhere without PyTorch": (
        Mend(
            "PyTorch may run the code of a checkpoint",
            (Place(_TORCH, "weights_only=True", "weights_only=False"),),
            (f"{_TEST_TORCH}::test_a_checkpoint_is_read_without_pytorch_at_hand",),
        ),
        Mend(
            "a compressed checkpoint is unpacked",
            (
                Place(
                    _TORCH,
                    "for item in archive.infolist()) > len(data):",
                    "for item in ()) > len(data):",
                ),
            ),
            (f"{_TEST_TORCH}::test_a_compressed_checkpoint_is_refused_without_pytorch_at_hand",),
        ),
        Mend(
            "tensors may have more numbers than the file",
            (Place(_TORCH, "            if room < 0:\n", "            if False:\n"),),
            (f"{_TEST_TORCH}::test_a_checkpoint_is_read_without_pytorch_at_hand",),
        ),
        Mend(
            "an old PyTorch reads checkpoints",
            (Place(_TORCH, "[:2])) < _MIN_TORCH:", "[:2])) < ():"),),
            (f"{_TEST_TORCH}::test_a_pytorch_that_can_be_led_to_run_code_is_refused",),
        ),
        Mend(
            "kernels keep PyTorch's order",
            (Place(_TORCH, "values.transpose(2, 3, 1, 0)", "values.transpose(3, 2, 1, 0)"),),
            (
                f"{_TEST_TORCH}::test_the_imported_generator_paints_what_the_published_network_paints",
            ),
        ),
    ),
}

UNKIND = {
    "stdout or stderr closed, full, or without a reader": (
        Mend(
            "what cannot be printed raises",
            (
                Place(
                    _STREAMS,
                    "        except OSError as error:\n            self.error",
                    "        except ZeroDivisionError as error:\n            self.error",
                ),
            ),
            (
                f"{_TEST_STREAMS}::test_a_full_disk_behind_stdout_is_one_line_and_exit_status_1",
                f"{_TEST_STREAMS}::test_an_error_that_cannot_be_printed_is_told_by_the_exit_status",
                f"{_TEST_STREAMS}::test_a_reader_who_has_left_is_no_error",
                f"{_TEST_STREAMS}::test_a_training_goes_on_where_nothing_can_be_printed[full]",
                f"{_TEST_STREAMS}::test_a_training_goes_on_where_nothing_can_be_printed[left]",
            ),
        ),
        Mend(
            "a reader who has left is an error",
            (Place(_STREAMS, " and out.error.errno != _READER_LEFT", ""),),
            (f"{_TEST_STREAMS}::test_a_reader_who_has_left_is_no_error",),
        ),
        Mend(
            "a full disk is none",
            (Place(_STREAMS, "    if is_lost and status in (0, None):", "    if False:"),),
            (f"{_TEST_STREAMS}::test_a_full_disk_behind_stdout_is_one_line_and_exit_status_1",),
        ),
        Mend(
            "a closed stream is none at all",
            (
                Place(_STREAMS, "    _fill_descriptors()\n    out", "    out"),
                Place(_STREAMS, "    if stream is None:", "    if False:"),
            ),
            (
                f"{_TEST_STREAMS}::test_closed_streams_are_as_the_null_device",
                f"{_TEST_STREAMS}::test_a_training_goes_on_where_nothing_can_be_printed[closed]",
            ),
        ),
    ),
    "control characters of file names reached the terminal": (
        Mend(
            "they are printed as they are",
            (Place(_STREAMS, "self.write_controls(printable(text))", "self.write_controls(text)"),),
            (f"{_TEST_STREAMS}::test_control_characters_of_file_names_do_not_reach_a_terminal",),
        ),
        Mend(
            "also in a line of progress",
            (Place(_STREAMS, "{printable(text)}\\x1b[K", "{text}\\x1b[K"),),
            (f"{_TEST_STREAMS}::test_a_line_over_the_last_one_on_a_terminal",),
        ),
    ),
    "a user without a home": (
        Mend(
            "`~` is the name of a folder then",
            (
                Place(
                    "tf_deeppaint/data/sources/fetching.py",
                    "        if os.path.isabs(base):",
                    '        if os.path.isabs(base) or base.startswith("~"):',
                ),
            ),
            ("tests/data/sources/test_fetching.py::test_cache_lies_where_xdg_says",),
        ),
    ),
}

# The tests that notice the mutants that were found by hand, in the order of `SUBJECTS`.
_NOTICED_BY = {
    "locks": (
        "tests/utils/test_locks.py::test_a_damaged_file_is_no_obstacle",
        "tests/utils/test_locks.py::test_another_users_process_is_alive",
        "tests/utils/test_locks.py::test_a_process_number_that_is_used_again_is_no_obstacle",
        "tests/utils/test_locks.py::test_a_machine_that_slept_longer_than_the_watch_changes_nothing_more",
    ),
    "archives": (
        "tests/utils/test_keras_archives.py::test_layers_that_run_or_read_something_are_refused",
    ),
    "origin check": ("tests/studio/test_admission.py::test_other_requests_are_refused",),
    "shuffle": ("tests/data/test_loading.py::test_the_seed_alone_decides_everything",),
    "layers": (
        "tests/networks/test_normalization.py::test_separate_replicas_keep_the_mean_of_their_moving_statistics",
    ),
    "training step": (
        "tests/training/gan/test_deep_paint.py::test_a_step_that_one_network_left_out_is_counted",
        "tests/training/gan/test_deep_paint.py::test_each_of_two_replicas_gives_half_of_both_gradients",
    ),
    "checkpoints": (
        "tests/training/test_checkpoints.py::test_of_an_old_one_the_index_goes_first",
        "tests/training/test_checkpoints.py::test_one_that_lacks_a_part_of_the_state_is_skipped",
    ),
    "run": (
        "tests/training/test_run_directory.py::test_lengths_devices_and_reporting_may_change_and_nothing_else",
        "tests/training/test_run_directory.py::test_lengths_devices_and_reporting_may_change_and_nothing_else",
    ),
}


def _known(name: str) -> tuple[Mend, ...]:
    subject = SUBJECTS[name]
    return tuple(
        Mend(
            f"`{' '.join(old.split())}` is `{' '.join(new.split())}`",
            (Place(f"tf_deeppaint/{subject.module}", old, new),),
            (test,),
        )
        for (old, new), test in zip(subject.known, _NOTICED_BY[name], strict=True)
    )


SURVIVED = {f"mutants of {name} that survived": _known(name) for name in _NOTICED_BY}
