"""Says which comment lines of Rust files are wider than 100 columns; the code beside them may be wider.

    python3 tests/all.d/comments.py FILE…

What can't be broken is left out: rows of tables, definitions of links, addresses that fill their line, and commands (four spaces
further in), which are copied as they are.
"""

import pathlib
import re
import sys

WIDTH = 100
COMMENT = re.compile(r"\s*//[/!]? ?(?P<text>.*)")
UNBREAKABLE = re.compile(r"\||\[[^]]+\]: |    |[^ ]*https?://[^ ]+$")


def too_wide(path: pathlib.Path) -> list[str]:
    found = []
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        comment = COMMENT.fullmatch(line)
        text = comment["text"] if comment else ""
        if text.startswith("```"):
            fenced = not fenced
        elif comment is None:
            fenced = False
        if comment and len(line) > WIDTH and (fenced or not UNBREAKABLE.match(text)):
            found.append(f"{path}:{number}: a comment of {len(line)} columns")
    return found


def main() -> None:
    found = [line for name in sys.argv[1:] for line in too_wide(pathlib.Path(name))]
    if found:
        print("\n".join(found))
        sys.exit(f"error: comments are wider than {WIDTH} columns")


main()
