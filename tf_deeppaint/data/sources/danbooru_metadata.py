"""Danbooru's public metadata: posts, one JSON object a line, or a JSON list of them."""

import codecs
import itertools
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError

SUFFIXES = (".json", ".jsonl", ".ndjson")
# Bytes; posts have 1 to 20 KiB.
MAX_POST = 2**20
_ID = re.compile(r"[0-9]{1,12}")
_BETWEEN_POSTS = re.compile(r"[\s,]*")


class Post(NamedTuple):
    """The metadata of one picture; a field is empty where the metadata has no valid value.

    Attributes:
        number: The post's `id`.
        extension: Its `file_ext`: that of the file as it was uploaded, lower-case, without a dot.
        rating: "g", "s", "q" or "e" on a post as Danbooru has them.
        tags: Names of its tags.
    """

    number: int
    extension: str
    rating: str
    tags: frozenset[str]


def read_posts(path: str) -> Iterator[Post | None]:
    """Yields the posts of a file, or of every file of metadata below a folder.

    Memory does not grow with the files. None stands for an entry that is no post.

    Raises:
        DeepPaintError: there is no such file or folder, or a list is damaged.
    """
    if not files.is_folder(path):
        yield from _read_file(path)
        return
    # Some files of the dumps are named by a number alone.
    for entry in walking.walk(path, ("",)):
        if entry.name.lower().endswith(SUFFIXES) or "." not in entry.name.rpartition("/")[2]:
            yield from _read_file(files.join(path, entry.name))


def _read_file(path: str) -> Iterator[Post | None]:
    blocks = files.read_blocks(path)
    start = next(blocks, b"")
    blocks = itertools.chain([start], blocks)
    is_list = start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    for item in _list_items(blocks, path) if is_list else _lines(blocks):
        yield _as_post(item)


def _lines(blocks: Iterator[bytes]) -> Iterator[object]:
    """Yields the JSON of every line that is not blank; None for one too long or malformed."""
    line = b""
    for block in itertools.chain(blocks, [b"\n"]):
        first, *others = block.split(b"\n")
        # One byte past the limit is kept, by which `_parsed` knows.
        line = (line + first)[: MAX_POST + 1]
        for following in others:
            if line.strip():
                yield _parsed(line)
            line = following


def _parsed(line: bytes) -> object:
    if len(line) > MAX_POST:
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _list_items(blocks: Iterator[bytes], path: str) -> Iterator[object]:
    """Yields the items of a JSON list, each as soon as it is whole."""
    decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
    parse = json.JSONDecoder().raw_decode
    text = decode(next(blocks))
    at = text.index("[") + 1
    count = 0
    while True:
        at = _BETWEEN_POSTS.match(text, at).end()
        if text.startswith("]", at):
            return
        try:
            item, at = parse(text, at)
        except (ValueError, RecursionError) as error:
            # An item cut off by the end of the block is malformed until the next block is there.
            block = next(blocks, b"") if len(text) - at <= MAX_POST else b""
            if not block:
                raise DeepPaintError(
                    f"{path}: its list is cut off or damaged after {count} posts; fetch it again"
                ) from error
            text, at = text[at:] + decode(block), 0
            continue
        count += 1
        yield item


def _as_post(item: object) -> Post | None:
    if not isinstance(item, dict):
        return None
    number, extension, rating = (item.get(key) for key in ("id", "file_ext", "rating"))
    if not isinstance(number, int | str) or not _ID.fullmatch(str(number)):
        return None
    return Post(
        int(number),
        extension.lower() if isinstance(extension, str) else "",
        rating if isinstance(rating, str) else "",
        frozenset(_tags(item)),
    )


def _tags(item: dict) -> Iterator[str]:
    tags, string = item.get("tags"), item.get("tag_string")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and isinstance(tag.get("name"), str):
            yield tag["name"]
    if isinstance(string, str):
        yield from string.split()
