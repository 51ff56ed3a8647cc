"""How a table is laid out: its delimiter, its quotes, and where its header stands."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.readers.content import Content
from knowledge.readers.fields import Role, rank
from knowledge.readers.looks import look
from knowledge.readers.text import asks

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 200
_SAMPLE_ROWS = 20
_LONGEST_CELL = 1 << 27
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_RULE = re.compile(r"\s*:?-+:?\s*")
_UNSEEN = str.maketrans("", "", "\x00\x1a\ufeff")
_ESCAPED_BAR, _BAR = "\\|", "\ue0ff"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the rows of a table are read from its lines."""

    delimiter: str = ","
    quote: str = '"'
    skip: int = 0
    """How many lines stand before the header."""
    markdown: bool = False
    """Whether it is a table as Markdown has it, which may stand among other lines."""
    named: bool = False
    """Whether its header names a question and an answer."""

    def rows(self, lines: Iterator[str] | Sequence[str], *, strict: bool = True) -> Iterator[list[str]]:
        """The cells of the rows that lines give. Raises csv.Error for a row that cannot be read, and reads on behind it."""
        csv.field_size_limit(_LONGEST_CELL)
        if self.markdown:
            held = (line.replace(_ESCAPED_BAR, _BAR) for line in lines)
            found = csv.reader(held, delimiter="|", quoting=csv.QUOTE_NONE)
            return ([cell.replace(_BAR, "|") for cell in row] for row in found)
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True, strict=strict
        )

    def row(self, line: str, width: int) -> list[str] | None:
        """The cells of a row on a line of its own that has as many as it should; None where it has not."""
        try:
            cells = next(self.rows([line]), [])
        except csv.Error:
            return None
        return cells if len(cells) == width else None

    def loose_row(self, line: str, width: int) -> list[str] | None:
        """The same of a row whose quotes are not as they should be: escaped by backslashes, or inside of a cell."""
        given = {"delimiter": self.delimiter, "quotechar": self.quote, "skipinitialspace": True}
        for form in ({"escapechar": "\\", "doublequote": False, "strict": True}, {"strict": False}):
            try:
                cells = next(csv.reader([line], **given, **form), [])  # type: ignore[arg-type]  # options of one call
            except csv.Error:
                continue
            if len(cells) == width:
                return cells
        return None


def layout_of(content: Content) -> Layout | None:
    """How a table of pairs is laid out; None where the text is no table."""
    lines = [line for line, _ in zip(lines_of(content), range(_SAMPLE_LINES), strict=False)]
    best: tuple[int, Layout] | None = None
    for delimiter in _DELIMITERS:
        found = _layout(lines, delimiter)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best is not None else None


def looks_like_table(content: Content) -> bool:
    """Whether a text that is not called a table is one: its first line, or a table of Markdown, names question and answer."""
    found = layout_of(content)
    return found is not None and found.named and (found.markdown or not found.skip)


def lines_of(content: Content) -> Iterator[str]:
    """The lines of a text with their ends, whatever those are."""
    data, size, start = content.data, len(content), 0
    while start < size:
        end = data.find(b"\n", start) + 1 or size
        yield from _LINE.findall(data[start:end].decode("utf-8", "replace").translate(_UNSEEN))
        start = end


def is_rule(cells: Sequence[str]) -> bool:
    """Whether a row only draws the line below a header: `|---|:--|`."""
    return any(cells) and all(_RULE.fullmatch(cell) for cell in cells if cell.strip())


def names_of(cells: Sequence[str]) -> list[str] | None:
    """The names of the columns; None where the first row is a pair already."""
    known = any(rank(cell, role) is not None for cell in cells for role in Role)
    if not known and any(asks(cell) or len(cell) > 60 for cell in cells):  # noqa: PLR2004 - no name
        return None
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names


def _layout(lines: Sequence[str], delimiter: str) -> tuple[int, Layout] | None:
    """How well lines are a table with a delimiter, and how it is laid out then."""
    layout = Layout(delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        before = 0
        for row in reader:
            rows += [(before, row)] if any(cell.strip() for cell in row) else []
            before = reader.line_num
    except csv.Error:
        return None
    head = next((at for at, (_, row) in enumerate(rows) if _is_header(row)), None)
    rows = rows[head or 0 :][:_SAMPLE_ROWS]
    if not rows or len(rows[0][1]) < 2:  # noqa: PLR2004 - one column is no table
        return None
    first = rows[0][1]
    quoted = all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in first)
    alike = sum(len(row) == len(first) for _, row in rows)
    known = sum(any(rank(name, role) is not None for role in Role) for name in first)
    layout = Layout(
        delimiter=delimiter,
        quote="'" if quoted else '"',
        skip=rows[0][0] if head else 0,
        markdown=delimiter == "|" and len(rows) > 1 and is_rule(rows[1][1]),
        named=head is not None,
    )
    return 1000 * layout.named + 10 * known + alike, layout


def _is_header(cells: Sequence[str]) -> bool:
    """Whether cells are the names of columns, among them a question and an answer."""
    if len(cells) < 2 or any(len(cell.split()) > 3 or len(cell) > 60 for cell in cells):  # noqa: PLR2004 - as names are
        return False
    found = look(dict.fromkeys((cell.strip("' ") for cell in cells), "text"))
    return found is not None and None not in (found.question, found.answer)
