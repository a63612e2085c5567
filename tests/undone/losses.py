"""What was lost: runs, checkpoints, models, and folders that two worked in."""

from tests.undone.mend import Mend, Place

_CHECKPOINTS, _RUN = (f"tf_deeppaint/training/{n}.py" for n in ("checkpoints", "run_directory"))
_OUTPUTS, _LOCKS = "tf_deeppaint/exporting/outputs.py", "tf_deeppaint/utils/locks.py"
_FILES = "tf_deeppaint/utils/files.py"
_TEST_CHECKPOINTS, _TEST_RUN = (
    f"tests/training/test_{n}.py" for n in ("checkpoints", "run_directory")
)
_TEST_OUTPUTS, _TEST_LOCKS = "tests/exporting/test_outputs.py", "tests/utils/test_locks.py"

LOST = {
    "`--fresh` removed what was no run": (
        Mend(
            "a folder without options is a run",
            (Place(_RUN, "    if not files.is_file(run / OPTIONS_FILE):", "    if False:"),),
            (f"{_TEST_RUN}::test_fresh_removes_nothing_from_a_folder_that_is_no_run",),
        ),
    ),
    "the only checkpoint was written over": (
        Mend(
            "the state of a step is written again",
            (Place(_CHECKPOINTS, "        if step == self._last_step:", "        if False:"),),
            (f"{_TEST_CHECKPOINTS}::test_the_state_of_a_step_is_written_once",),
        ),
        Mend(
            "it is not read back",
            (Place(_CHECKPOINTS, "            _read_back(path)\n", ""),),
            (
                f"{_TEST_CHECKPOINTS}::test_old_ones_stay_until_the_new_one_is_read_back",
                f"{_TEST_CHECKPOINTS}::test_all_of_a_state_is_on_the_disk_before_it_is_read_back",
            ),
        ),
        Mend(
            "it is not synced to the disk",
            (Place(_CHECKPOINTS, "files.sync(files.join(folder, name))", "pass"),),
            (f"{_TEST_CHECKPOINTS}::test_all_of_a_state_is_on_the_disk_before_it_is_read_back",),
        ),
        Mend(
            "files are not synced before they get their names",
            (
                Place(
                    _FILES,
                    "                    os.fsync(file.fileno())\n            rename",
                    "                    pass\n            rename",
                ),
            ),
            ("tests/utils/test_files.py::test_data_are_on_the_disk_before_the_name_is",),
        ),
    ),
    "a kill between two renames left no SavedModel": (
        Mend(
            "a folder is replaced in two renames",
            (
                Place(
                    _OUTPUTS,
                    "if not (output.is_dir() and files.exchange(aside, output)):",
                    "if True:",
                ),
            ),
            (
                f"{_TEST_OUTPUTS}::test_a_kill_while_a_folder_is_replaced_leaves_one_and_the_next_clears_up",
            ),
        ),
        Mend(
            "what killed exports have left stays",
            (Place(_OUTPUTS, "        files.remove_asides(output.parent, output.name)\n", ""),),
            (
                f"{_TEST_OUTPUTS}::test_a_kill_while_a_folder_is_replaced_leaves_one_and_the_next_clears_up",
            ),
        ),
    ),
    "two machines at once, or one that slept, both worked": (
        Mend(
            "a holder does not read back what it wrote",
            (
                Place(
                    _LOCKS,
                    "    if (other := _load_holder(path)) != holder:\n        lock.release()",
                    "    if False:\n        lock.release()",
                ),
            ),
            (f"{_TEST_LOCKS}::test_of_two_machines_that_start_together_one_holds_it",),
        ),
        Mend(
            "it reads back at once",
            (Place(_LOCKS, "    time.sleep(SETTLE_S)\n", ""),),
            (f"{_TEST_LOCKS}::test_of_two_machines_that_start_together_one_holds_it",),
        ),
        Mend(
            "no holder checks that it still holds the folder",
            (
                Place(
                    _LOCKS,
                    "    for path, holder in list(_holding.items()):\n",
                    "    for path, holder in ():\n",
                ),
            ),
            (
                f"{_TEST_LOCKS}::test_a_machine_that_slept_longer_than_the_watch_changes_nothing_more",
                f"{_TEST_LOCKS}::test_whoever_lost_a_folder_gives_no_sign_of_life_for_the_other",
            ),
        ),
        Mend(
            "it does not check before it renames a file",
            (
                Place(
                    _FILES,
                    '    locks.check()\n    with wrap_errors(final, "written"):',
                    '    with wrap_errors(final, "written"):',
                ),
            ),
            (
                f"{_TEST_LOCKS}::test_a_machine_that_slept_longer_than_the_watch_changes_nothing_more",
            ),
        ),
        Mend(
            "nor before it exchanges two",
            (Place(_FILES, "    locks.check()\n    rename_both", "    rename_both"),),
            (f"{_TEST_LOCKS}::test_whoever_lost_a_folder_changes_no_name_in_it",),
        ),
        Mend(
            "nor before it renames an export",
            (Place(_OUTPUTS, "    locks.check()\n    replaced", "    replaced"),),
            (f"{_TEST_OUTPUTS}::test_whoever_lost_the_folder_replaces_nothing_in_it",),
        ),
        Mend(
            "nor before it writes a checkpoint",
            (Place(_CHECKPOINTS, "        locks.check()\n        try:", "        try:"),),
            (f"{_TEST_CHECKPOINTS}::test_whoever_lost_the_folder_writes_nothing",),
        ),
        Mend(
            "nor before it appends to the metrics",
            (
                Place(
                    "tf_deeppaint/training/metrics_log.py",
                    "        locks.check()\n        try:",
                    "        try:",
                ),
            ),
            ("tests/training/test_metrics_log.py::test_whoever_lost_the_run_appends_no_line",),
        ),
        Mend(
            "nor before it removes old ones",
            (Place(_CHECKPOINTS, "        locks.check()\n        for path", "        for path"),),
            (f"{_TEST_CHECKPOINTS}::test_whoever_lost_the_folder_while_it_wrote_removes_nothing",),
        ),
    ),
    "equal host names, process numbers used again": (
        Mend(
            "machines are told apart by their names",
            (
                Place(
                    _LOCKS,
                    "    if holder.machine == _machine():",
                    "    if holder.host == socket.gethostname():",
                ),
            ),
            (f"{_TEST_LOCKS}::test_another_machine_of_the_same_name_and_number_is_watched",),
        ),
        Mend(
            "any process of the number is the holder",
            (Place(_LOCKS, "return _started(holder.pid) in (holder.started, 0)", "return True"),),
            (f"{_TEST_LOCKS}::test_a_process_number_that_is_used_again_is_no_obstacle",),
        ),
    ),
    "a data set replaced in place": (
        Mend(
            "its digest is not compared",
            (Place(_RUN, "    _check_data(run, digests)\n", ""),),
            (f"{_TEST_RUN}::test_a_data_set_that_was_built_anew_is_noticed",),
        ),
    ),
    "advice after divergence that was refused": (
        Mend(
            "a lower learning rate is advised, for this very run",
            (
                Place(
                    "tf_deeppaint/training/callbacks.py",
                    '"and a lower --learning_rate',
                    '"; try a lower --learning_rate',
                ),
                Place(
                    "tf_deeppaint/training/callbacks.py",
                    "begin another run with --init_from={self.run} ",
                    "resume ",
                ),
            ),
            (
                "tests/training/test_callbacks.py::test_ten_steps_in_a_row_that_are_not_finite_stop_the_run",
            ),
        ),
    ),
}
