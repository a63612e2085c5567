"""The events of the studio's page: what happens when a visitor clicks, drops or picks something."""

import sys
import traceback
from collections.abc import Callable

import gradio as gr

from tf_deeppaint.studio.layout import Layout
from tf_deeppaint.studio.sessions import Sessions
from tf_deeppaint.studio.work.handlers import Handlers
from tf_deeppaint.utils.errors import DeepPaintError

# Requests beyond this many unfinished ones are refused.
MAX_WAITING = 128
# Seconds between two searches for files older than so many.
_CLEANING_SECONDS, _FILE_SECONDS = 60, 3600
# Events of one queue are handled one after another; saving keeps nobody from painting.
_PAINTER, _SAVING = "painter", "saving"


def build_page(sessions: Sessions) -> gr.Blocks:
    """Builds the page; `server.serve` opens it."""
    cleaning = (_CLEANING_SECONDS, _FILE_SECONDS)
    options = {"analytics_enabled": False, "fill_width": True, "delete_cache": cleaning}
    with gr.Blocks(title="tf_deeppaint studio", **options) as page:
        layout = Layout(sessions.examples, sessions.attention_maps)
        handlers = Handlers(sessions, lambda session: is_awaited(page, session))
        _connect_all(layout, handlers)

        def leave(request: gr.Request) -> None:
            handlers.works.leave(request.session_hash)

        page.unload(leave)
    return page.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)


def is_awaited(page: gr.Blocks, session: str) -> bool:
    """Whether an event of a session is in work or in the queue."""
    events = list(page._queue.event_ids_to_events.values())
    return any(event.session_hash == session for event in events)


def forget_session(page: gr.Blocks, session: str) -> None:
    """Makes Gradio's queue forget a session that is not awaited.

    The queue has a bound of its own, at which it forgets the session that came first, even one that
    waits for a picture.
    """
    page._queue.pending_messages_per_session.pop(session, None)
    page._queue.pending_event_ids_session.pop(session, None)


def _connect_all(layout: Layout, handlers: Handlers) -> None:
    """Connects every event of the page's components to its handler."""
    sketch, swatches, look = layout.sketch, layout.swatches, layout.look
    # The event, where its messages are shown, its handler, its inputs, its queue.
    for event, place, handler, inputs, queue in (
        (layout.work.input, "sketch", handlers.restore, [look], _PAINTER),
        (sketch.upload, "sketch", handlers.take_sketch, [sketch, look], _PAINTER),
        (sketch.input, "sketch", handlers.read_again, [sketch, swatches, look], _PAINTER),
        (sketch.select, "sketch", handlers.take_example, [sketch, swatches, look], _PAINTER),
        (layout.colors.submit, "colors", handlers.color, [sketch, swatches, look], _PAINTER),
        (
            layout.colors.upload,
            "colors",
            handlers.take_reference,
            [layout.colors, swatches, look],
            _PAINTER,
        ),
        (
            layout.colors.select,
            "colors",
            handlers.take_ready_palette,
            [layout.colors, swatches, look],
            _PAINTER,
        ),
        (swatches.upload, "swatches", handlers.import_palette, [swatches, look], _PAINTER),
        (swatches.select, "swatches", handlers.save_palette, [swatches], _SAVING),
        (layout.easel.input, "easel", handlers.edit, [layout.easel, look], _PAINTER),
        (look.input, "look", handlers.show, [look], _PAINTER),
        (layout.saving.input, "saving", handlers.save, [layout.saving, look], _SAVING),
        (
            layout.saving.submit,
            "saving",
            handlers.color_all,
            [layout.saving, sketch, swatches, look],
            _PAINTER,
        ),
    ):
        _connect(layout, event, place, handler, inputs, queue, "multiple")
    # A color picker sends many changes while it is open: of those that wait the last one counts.
    inputs = [swatches, look]
    _connect(layout, swatches.input, "swatches", handlers.recolor, inputs, _PAINTER, "always_last")


def _connect(
    layout: Layout,
    event: Callable,
    place: str,
    handler: Callable,
    inputs: list,
    queue: str,
    trigger_mode: str,
) -> None:
    """Connects an event to a handler, which returns what changes, by the names of components.

    What is wrong becomes a message at the place that caused it; `messages` is set in any case, so
    that the page knows that the work is done.
    """
    names = list(layout.outputs)

    works, after_error = handler.__self__.works, handler.__self__.after_error

    def handle(request: gr.Request, key: object, *values):
        changes = {}
        try:
            work = works.get(key, request.session_hash)
            try:
                changes = handler(work, *values)
            except DeepPaintError:
                changes = after_error(work)
                raise
        except DeepPaintError as error:
            changes["error"] = str(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            changes = {"error": "that failed; the studio's window says why"}
        error, note = changes.pop("error", ""), changes.pop("note", "")
        changes["messages"] = layout.message(place, error or note, "error" if error else "note")
        return [changes.get(name, gr.skip()) for name in names]

    # Without preprocessing files come undecoded; `Reception` has checked that they were uploaded.
    event(
        handle,
        [layout.work, *inputs],
        list(layout.outputs.values()),
        preprocess=False,
        show_progress="hidden",
        api_visibility="private",
        concurrency_id=queue,
        trigger_mode=trigger_mode,
    )
