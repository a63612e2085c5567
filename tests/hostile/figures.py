"""Tables in a document, between marks, rewritten by the command that measures them."""

from pathlib import Path


def rewrite(document: Path, name: str, lines: list[str]) -> None:
    """Puts lines between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    text = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{document}: holds no marks for {name}")
    content = "\n".join(lines)
    document.write_text(f"{before}{begin}\n{content}\n\n{end}{after}", encoding="utf-8")
