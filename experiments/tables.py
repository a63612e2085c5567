"""Tables of documents that experiments write."""


def with_table(text: str, title: str, new: str) -> str:
    """The document with the table of a title, which stands between two comments, replaced."""
    first, last = f"<!-- {title} -->\n", f"\n<!-- end of {title} -->"
    before, rest = text.split(first)
    return before + first + new + last + rest.split(last, 1)[1]
