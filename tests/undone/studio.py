"""What got into the studio, or stopped it."""

from tests.undone.mend import HANG, Mend, Place

_STUDIO, _TESTS = "tf_deeppaint/studio", "tests/studio"
_ROUTES, _ADMISSION = f"{_STUDIO}/routes.py", f"{_STUDIO}/admission.py"
_BODIES, _RECEPTION = f"{_STUDIO}/bodies.py", f"{_STUDIO}/reception.py"
_VISITORS, _CONNECTIONS = f"{_STUDIO}/visitors.py", f"{_STUDIO}/connections.py"
_WORKS = f"{_STUDIO}/work/works.py"

LET_IN = {
    "a second route fetched any URL and served it": (
        Mend(
            "the route that served URLs and files is open",
            (Place(_ROUTES, '            "/config",\n', '            "/gradio_api/file/.*",\n'),),
            (
                f"{_TESTS}/test_routes.py::test_every_route_is_known_and_all_that_the_page_does_not_need_is_closed",
                f"{_TESTS}/test_routes.py::test_no_url_is_fetched_and_no_file_served_but_the_visitors",
            ),
        ),
        Mend(
            "all routes are open",
            (
                Place(
                    _ROUTES,
                    "return pattern is not None and pattern.fullmatch(route) is not None",
                    "return True",
                ),
            ),
            (
                f"{_TESTS}/test_routes.py::test_every_route_is_known_and_all_that_the_page_does_not_need_is_closed",
            ),
        ),
        Mend(
            "files of any folder may be asked for, and URLs",
            (
                Place(
                    _ROUTES,
                    "return os.path.normpath(path) == path and path.startswith(",
                    "return path.startswith(('', *folders)) or path.startswith(",
                ),
            ),
            (
                f"{_TESTS}/test_routes.py::test_no_url_is_fetched_and_no_file_served_but_the_visitors",
            ),
        ),
    ),
    "a stranger's page drove the studio": (
        Mend(
            "requests from other pages are answered",
            (Place(_ADMISSION, '("none", "same-origin") and not is_link', '("",) and False'),),
            (
                f"{_TESTS}/test_routes.py::test_other_pages_may_only_link_to_the_page",
                f"{_TESTS}/test_admission.py::test_other_requests_are_refused",
            ),
        ),
    ),
    "an event took a URL for its file": (
        Mend(
            "an event may name any file and URL",
            (
                Place(_VISITORS, "if not is_own or (url is not None", "if False and (url"),
                Place(_VISITORS, 'file.pop("url", None)', 'file.get("url")'),
            ),
            (
                f"{_TESTS}/test_admission.py::test_an_event_takes_no_url_for_a_file",
                f"{_TESTS}/test_reception.py::test_no_url_and_no_other_path_is_taken_for_a_file",
            ),
        ),
    ),
    "`ffmpeg` ran on uploads": (
        Mend(
            "the route for recordings is open",
            (Place(_ROUTES, "(?:upload|queue", "(?:process_recording|upload|queue"),),
            (
                f"{_TESTS}/test_routes.py::test_every_route_is_known_and_all_that_the_page_does_not_need_is_closed",
            ),
        ),
    ),
    "DNS rebinding where `--host` is not this machine; `--host=::1`": (
        Mend(
            "requests to any name are answered",
            (
                Place(
                    _ADMISSION, "if len(hosts) != 1 or not all(", "if len(hosts) > 9 and not all("
                ),
            ),
            (
                f"{_TESTS}/test_admission.py::test_a_studio_answers_to_its_names_alone",
                f"{_TESTS}/test_admission.py::test_other_requests_are_refused",
                f"{_TESTS}/test_admission.py::test_on_all_addresses_each_is_answered_and_no_name_but_the_local_ones",
            ),
        ),
        Mend(
            "no further name is allowed",
            (Place(_ADMISSION, "        names.append(name)\n", "        pass\n"),),
            (
                f"{_TESTS}/test_admission.py::test_local_names_and_the_address_are_answered_and_what_is_allowed",
            ),
        ),
        Mend(
            "a server of IPv6 cannot be opened",
            (
                Place(
                    f"{_STUDIO}/server.py", 'AF_INET6 if ":" in host else', "AF_INET if host else"
                ),
            ),
            (
                f"{_TESTS}/test_admission.py::test_the_port_must_be_free_on_ipv6_and_where_gradio_looks",
            ),
        ),
    ),
}

DOWN = {
    "bodies of requests without a bound": (
        Mend(
            "a body may be of any size",
            (Place(_BODIES, "        if read > limit:", "        if False:"),),
            (
                f"{_TESTS}/test_reception.py::test_json_is_bounded_while_it_comes",
                f"{_TESTS}/test_reception.py::test_uploads_are_bounded_in_sum_and_number_and_leave_nothing",
            ),
        ),
        Mend(
            "a field of a form may be of any size",
            (Place(_RECEPTION, '"max_part_size": MAX_FIELD_BYTES', '"max_part_size": 2**30'),),
            (
                f"{_TESTS}/test_reception.py::test_uploads_are_bounded_in_sum_and_number_and_leave_nothing",
            ),
        ),
        Mend(
            "a body may take any time",
            (Place(_BODIES, "asyncio.wait_for(receive(), max(0, patience))", "receive()"),),
            (f"{_TESTS}/test_reception.py::test_a_slow_body_is_ended",),
            HANG,
        ),
    ),
    "uploads and folders of the studio that stayed": (
        Mend(
            "uploads go to Gradio's own route",
            (Place(_RECEPTION, 'if route == f"{_API}/upload":', "if False:"),),
            (
                f"{_TESTS}/test_reception.py::test_uploads_are_bounded_in_sum_and_number_and_leave_nothing",
            ),
        ),
        Mend(
            "a visitor's uploads are kept, however many",
            (Place(_VISITORS, "{*own[:-MAX_UPLOADS], *old}", "{*old}"),),
            (
                f"{_TESTS}/test_reception.py::test_of_one_visitor_the_oldest_uploads_go_and_of_others_none",
            ),
        ),
        Mend(
            "a full folder takes more work",
            (
                Place(
                    _VISITORS,
                    "        if self._disk_bytes > MAX_DISK_BYTES:\n            raise",
                    "        if False:\n            raise",
                ),
            ),
            (f"{_TESTS}/test_reception.py::test_a_full_folder_takes_no_more_work",),
        ),
        Mend(
            "what killed studios have left is not removed",
            (Place(f"{_STUDIO}/leftovers.py", "in glob.glob(os.path.join(", "in ''.join(("),),
            (
                f"{_TESTS}/test_leftovers.py::test_what_a_killed_studio_left_is_removed_and_what_a_living_one_has_stays",
            ),
        ),
        Mend(
            "nobody asks for their removal",
            (Place(f"{_STUDIO}/server.py", "    leftovers.remove()\n", ""),),
            (f"{_TESTS}/test_leftovers.py::test_a_studio_that_starts_removes_what_others_left",),
        ),
    ),
    "of 24 visitors none could download": (
        Mend(
            "eight paintings are kept, and those of visitors at work make room",
            (
                Place(_WORKS, "if len(self._works) >= MAX_SESSIONS:", "if len(self._works) >= 8:"),
                Place(
                    _WORKS,
                    "elif not work.painted or work.used < now - AT_WORK_SECONDS:",
                    "else:",
                ),
            ),
            (f"{_TESTS}/test_admission.py::test_each_of_many_visitors_at_once_can_download",),
        ),
        Mend(
            "a painting makes room however short ago somebody was at work on it",
            (
                Place(
                    _WORKS,
                    "elif not work.painted or work.used < now - AT_WORK_SECONDS:",
                    "else:",
                ),
            ),
            (
                f"{_TESTS}/work/test_works.py::test_of_paintings_the_one_left_alone_longest_goes_and_none_at_work",
            ),
        ),
    ),
    "the load test looked at no picture": (
        Mend(
            "any answer that names a file counts",
            (
                Place(
                    "tests/faults/load.py",
                    "        return why_no_picture(self.server, said, sketch)\n",
                    '        return "" if "painted.png" in said else "no answer"\n',
                ),
            ),
            ("tests/faults/test_faults.py::test_load_looks_at_the_pictures_it_gets",),
        ),
    ),
    "256 pages, 8 GiB of uploads or 2 GiB of sketches kept all others out for an hour; 512 answers "
    "that nobody read, for good": (
        Mend(
            "the page left alone longest makes room, painted or not",
            (Place(_WORKS, 'item[1].painted != "", item[1].used', "item[1].used,"),),
            (
                f"{_TESTS}/work/test_works.py::test_pages_opened_in_a_loop_take_nothing_from_those_who_painted",
            ),
        ),
        Mend(
            "no session makes room for another",
            (
                Place(
                    _VISITORS,
                    "idle = next((kept for kept in list(self._sessions) if not "
                    "self._is_in_use(kept)), None)",
                    "idle = None",
                ),
            ),
            (f"{_TESTS}/test_reception.py::test_whoever_opens_pages_in_a_loop_keeps_nobody_out",),
        ),
        Mend(
            "no file makes room for another",
            (
                Place(
                    _VISITORS,
                    "self._disk_bytes -= self._remove_unused(self._disk_bytes - MAX_DISK_BYTES)",
                    "pass",
                ),
            ),
            (
                f"{_TESTS}/test_reception.py::test_where_the_folder_is_full_what_was_used_longest_ago_makes_room",
            ),
        ),
        Mend(
            "a sketch on which nothing was painted makes no room",
            (Place(_WORKS, "if item[1].source or item[1].state]", "if item[1].state]"),),
            (
                f"{_TESTS}/work/test_handlers.py::test_sketches_on_which_nothing_was_painted_make_room_first_and_are_read_again",
            ),
        ),
        Mend(
            "an answer that nobody reads makes no room",
            (
                Place(
                    _CONNECTIONS,
                    "if one.is_waiting()), own[0])",
                    "if one.is_waiting()), opened[-1])",
                ),
                Place(_CONNECTIONS, "[one for one in opened if one is not self]", "list(opened)"),
            ),
            (
                f"{_TESTS}/test_connections.py::test_more_endless_answers_than_there_may_be_stop_no_other_answer",
            ),
        ),
        Mend(
            "a form that comes slowly makes no room",
            (
                Place(
                    f"{_STUDIO}/interface.py",
                    "MAX_AT_ONCE and not self._end_slow_one():",
                    "MAX_AT_ONCE:",
                ),
            ),
            (f"{_TESTS}/test_interface.py::test_forms_that_come_slowly_make_room_for_others",),
        ),
    ),
    "1,100 slow connections": (
        Mend(
            "there may be any number of connections",
            (Place(_CONNECTIONS, "if len(opened) > MAX_CONNECTIONS:", "if False:"),),
            (
                f"{_TESTS}/test_connections.py::test_more_slow_connections_than_there_may_be_stop_no_answer",
            ),
        ),
        Mend(
            "a connection may take any time to ask",
            (Place(_CONNECTIONS, "            if is_idle:\n", "            if False:\n"),),
            (f"{_TESTS}/test_connections.py::test_a_connection_that_asks_nothing_is_closed",),
            HANG,
        ),
    ),
}
