#!/usr/bin/env python3
"""Checks that every link in the repository's Markdown leads somewhere, and in rustdoc's pages too.

    python3 tests/all.d/links.py            the Markdown files
    python3 tests/all.d/links.py target/doc the same, and the pages that `cargo doc` has made there

A link leads somewhere if its file is in the repository, and the heading that it names is in that file. Links to this
repository on GitHub are looked for in it, and links to its crates on docs.rs in rustdoc's pages. Nothing is
fetched: other links are taken as they are.

The guides in docs/ are modules of the crate as well (src/guide/mod.rs). A page in docs/guides.md's style links by reference,
`[key stores]`, with definitions at its end for those who read it on GitHub. On docs.rs the same labels are defined by
src/guide/links.md, which comes first. So each label needs both definitions, and both must mean the same place.
"""

import html
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "src/guide/mod.rs"
OVERRIDES = ROOT / "src/guide/links.md"
FRONT_PAGE = ROOT / "src/lib.rs"

ON_GITHUB = re.compile(r"https://github\.com/fieldseal/fieldseal/(?:blob|tree)/main/(.*)")
ON_DOCS_RS = re.compile(r"https://docs\.rs/(fieldseal[a-z-]*)/latest/(.*)")

INLINE = re.compile(r"(?<!\\)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
DEFINITION = re.compile(r"^ {0,3}\[([^\]]+)\]:\s*<?([^\s>]+)>?\s*$", re.MULTILINE)
REFERENCE = re.compile(r"\[([^\[\]]+)\](?:\[([^\[\]]*)\])?(?![\[(:])")


class Problems:
    def __init__(self) -> None:
        self.count = 0

    def tell(self, where: Path, what: str) -> None:
        self.count += 1
        print(f"{where.relative_to(ROOT) if where.is_relative_to(ROOT) else where}: {what}")


def main() -> int:
    problems = Problems()
    rendered = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    pages = {path: Page(path) for path in files("*.md")}
    if len(pages) < 10:
        problems.tell(ROOT, "git lists no Markdown files")
    for page in pages.values():
        check_page(page, pages, rendered, problems)
    check_guides(pages, problems)
    if rendered:
        check_rendered(rendered, pages, problems)
    return 1 if problems.count else 0


def files(pattern: str) -> list[Path]:
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run([*command, "--", pattern], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


class Page:
    """One Markdown file, and what matters of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = without_code_blocks(path.read_text(encoding="utf-8"))
        self.anchors = anchors(text)
        self.definitions = DEFINITION.findall(text)
        body = DEFINITION.sub("", text)
        self.inline = INLINE.findall(without_code(body))
        self.references = references(without_code(INLINE.sub("", body)))


def without_code_blocks(text: str) -> str:
    kept, fence = [], None
    for line in text.split("\n"):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence is None and mark:
            fence = mark[1]
        elif fence is not None:
            if mark and mark[1].startswith(fence):
                fence = None
        else:
            kept.append(line)
            continue
        kept.append("")
    return "\n".join(kept)


def without_code(text: str) -> str:
    """Code has no links in it; but it may be all that a link's text is."""

    def kept(code: re.Match[str]) -> str:
        is_text = text[code.start() - 1 : code.start()] == "[" and text[code.end() : code.end() + 1] == "]"
        return code[0] if is_text else ""

    return re.sub(r"`[^`\n]+`", kept, text)


def anchors(text: str) -> set[str]:
    """The ids that GitHub and rustdoc give to headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])?", r"\1", re.sub(r"[`*]", "", heading))
        name = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        again = sum(1 for other in found if other == name or re.fullmatch(re.escape(name) + r"-\d+", other))
        found.add(f"{name}-{again}" if again else name)
    return found


def references(body: str) -> list[tuple[str, bool]]:
    """Labels, and whether the brackets are certainly meant as a link: `[text][label]`, or code in brackets."""
    return [
        (second or first, bool(second) or re.fullmatch(r"`[^`]+`", first) is not None)
        for first, second in REFERENCE.findall(body)
    ]


def check_page(page: Page, pages: dict[Path, Page], rendered: Path | None, problems: Problems) -> None:
    if page.path == OVERRIDES:
        return
    for _, target in page.inline + page.definitions:
        problem = broken(target, page.path, pages, rendered)
        if problem:
            problems.tell(page.path, f"{target}: {problem}")
    defined = {label.lower() for label, _ in page.definitions}
    used = {label.lower() for label, _ in page.references}
    for label, certain in page.references:
        if certain and label.lower() not in defined:
            problems.tell(page.path, f"[{label}] isn't defined")
    for label, _ in page.definitions:
        if label.lower() not in used:
            problems.tell(page.path, f"[{label}] is defined and not used")


def broken(target: str, where: Path, pages: dict[Path, Page], rendered: Path | None) -> str | None:
    """What is wrong with a link in a Markdown file."""
    if match := ON_DOCS_RS.fullmatch(target):
        return broken_on_docs_rs(match[1], match[2], rendered)
    if match := ON_GITHUB.fullmatch(target):
        target, where = match[1], ROOT / "README.md"
    elif urlsplit(target).scheme:
        return None
    name, _, anchor = target.partition("#")
    path = (where.parent / unquote(name)).resolve() if name else where
    if not path.exists():
        return "there is no such file"
    if anchor and path in pages and anchor not in pages[path].anchors:
        return "there is no such heading"
    return None


def broken_on_docs_rs(package: str, name: str, rendered: Path | None) -> str | None:
    crate = package.replace("-", "_")
    if rendered is None or not (rendered / crate).is_dir():
        return None
    name, _, anchor = name.partition("#")
    path = rendered / name
    path = path / "index.html" if path.is_dir() else path
    if not path.is_file():
        return "rustdoc makes no such page"
    if anchor and anchor not in ids(path):
        return "rustdoc's page has no such part"
    return None


def check_guides(pages: dict[Path, Page], problems: Problems) -> None:
    """That each label of a guide has both of its definitions."""
    modules = guide_modules(problems)
    overrides: dict[str, str] = {}
    for label, target in DEFINITION.findall(OVERRIDES.read_text(encoding="utf-8")):
        if label.lower() in overrides:
            problems.tell(OVERRIDES, f"[{label}] is defined twice")
        overrides[label.lower()] = target
    unused = set(overrides) - labels_of(FRONT_PAGE) - labels_of(GUIDES)
    for path in included_pages():
        page = pages[path]
        for _, target in page.inline:
            if not target.startswith("#") and not urlsplit(target).scheme:
                problems.tell(path, f"({target}): in a guide, write it by reference, for docs.rs")
        defined = {label.lower() for label, _ in page.definitions}
        for label, target in page.definitions:
            meant = in_rustdoc(target, path, modules)
            there = overrides.get(label.lower())
            if there is None and meant is not None:
                problems.tell(OVERRIDES, f"lacks [{label}]: {meant}")
            elif there is not None and meant is not None and not same_place(meant, there):
                problems.tell(path, f"[{label}] is {meant} here, and {there} in src/guide/links.md")
        for label, _ in page.references:
            if label.lower() in overrides and label.lower() not in defined:
                problems.tell(path, f"[{label}] is a link on docs.rs, and isn't defined for GitHub")
        unused -= defined
    for label in sorted(unused):
        problems.tell(OVERRIDES, f"[{label}] is used nowhere")


def labels_of(source: Path) -> set[str]:
    """The labels that a module's own documentation uses."""
    lines = (line[3:] for line in source.read_text(encoding="utf-8").split("\n") if line.startswith("//!"))
    return {label.lower() for label, _ in references("\n".join(lines))}


def guide_modules(problems: Problems) -> dict[Path, str]:
    """The module of each page."""
    text = GUIDES.read_text(encoding="utf-8")
    modules = {}
    for name, module in re.findall(r'include_str!\("([^"]+\.md)"\)\)\](?:(?!include_str)[^;])*?\bmod (\w+) \{\}', text):
        path = (GUIDES.parent / name).resolve()
        if path != OVERRIDES:
            modules[path] = module
    if not modules:
        problems.tell(GUIDES, "no modules found")
    return modules


def included_pages() -> list[Path]:
    """The pages that src/guide/links.md comes before: the guides, and what the front page includes."""
    found = []
    for source in (GUIDES, FRONT_PAGE):
        for name in re.findall(r'doc = include_str!\("([^"]+\.md)"\)\)', source.read_text(encoding="utf-8")):
            path = (source.parent / name).resolve()
            if path != OVERRIDES and path not in found:
                found.append(path)
    return found


def in_rustdoc(target: str, where: Path, modules: dict[Path, str]) -> str | None:
    """What a definition of a guide's must be in src/guide/links.md; nothing where one serves both."""
    if match := ON_DOCS_RS.fullmatch(target):
        return item(match[2]) if match[1] == "fieldseal" else None
    if urlsplit(target).scheme:
        return None
    name, _, anchor = target.partition("#")
    path = (where.parent / name).resolve() if name else where
    anchor = f"#{anchor}" if anchor else ""
    if path in modules:
        return f"crate::guide::{modules[path]}{anchor}"
    if path.is_relative_to(ROOT):
        return f"https://github.com/fieldseal/fieldseal/blob/main/{path.relative_to(ROOT)}{anchor}"
    return None


def item(page: str) -> str:
    """The path of what a page of rustdoc's is about: fieldseal/kms/trait.Kms.html#method.wrap is crate::kms::Kms::wrap."""
    page, _, anchor = page.partition("#")
    parts = page.removesuffix("/index.html").rstrip("/").split("/")
    parts[-1] = re.sub(r"^[a-z]+\.(\w+)\.html$", r"\1", parts[-1])
    part = re.fullmatch(r"(?:method|tymethod|variant|structfield)\.(\w+)", anchor)
    return "::".join(["crate", *parts[1:], *([part[1]] if part else [])])


def same_place(meant: str, there: str) -> bool:
    # A kind in front, `derive@`, doesn't matter. Pages of the crates beside this one are on docs.rs.
    return meant == there.partition("@")[2] or meant == there or bool(ON_DOCS_RS.fullmatch(there))


def check_rendered(rendered: Path, pages: dict[Path, Page], problems: Problems) -> None:
    found = sorted(path for folder in rendered.glob("fieldseal*") for path in folder.rglob("*.html"))
    if not found:
        problems.tell(rendered, "rustdoc has made no pages")
    for path in found:
        # What every type has by other crates' traits is documented in those crates' words.
        ours = path.read_text(encoding="utf-8").partition('id="blanket-implementations"')[0]
        for target in sorted(set(re.findall(r'\shref="([^"]*)"', ours))):
            problem = broken_in_rustdoc(html.unescape(target), path, pages, rendered)
            if problem:
                problems.tell(path, f"{target}: {problem}")


def broken_in_rustdoc(target: str, where: Path, pages: dict[Path, Page], rendered: Path) -> str | None:
    if urlsplit(target).scheme:
        return broken(target, where, pages, rendered)
    name, _, anchor = target.partition("#")
    path = Path(unquote(urljoin(where.as_posix(), name))) if name else where
    path = path / "index.html" if path.is_dir() else path
    if not path.is_file():
        return "there is no such page"
    # Lines of source code are found by a script.
    if anchor and rendered / "src" not in path.parents and anchor not in ids(path):
        return "the page has no such part"
    return None


IDS: dict[Path, set[str]] = {}


def ids(path: Path) -> set[str]:
    """Where rustdoc's page sends on to another, as that of an item of a private module does, it's that one's."""
    if path not in IDS:
        page = path.read_text(encoding="utf-8")
        if sent_on := re.search(r'<meta http-equiv="refresh" content="0;URL=([^"]*)">', page):
            return ids((path.parent / sent_on[1]).resolve())
        IDS[path] = {html.unescape(name) for name in re.findall(r'\sid="([^"]*)"', page)}
    return IDS[path]


if __name__ == "__main__":
    sys.exit(main())
