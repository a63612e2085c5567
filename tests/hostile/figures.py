"""Tables in a document, between marks, rewritten by the command that measures them."""

from pathlib import Path


def rewrite(document: Path, name: str, lines: list[str]) -> None:
    """Puts lines between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    before, begin, _, after = _parts(document, name)
    content = "\n".join(lines)
    document.write_text(f"{before}{begin}\n{content}\n\n{after}", encoding="utf-8")


def section(document: Path, name: str) -> str:
    """What stands between the two marks."""
    return _parts(document, name)[2]


def _parts(document: Path, name: str) -> tuple[str, str, str, str]:
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    content, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{document}: holds no marks for {name}")
    return before, begin, content, end + after
