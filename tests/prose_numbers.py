"""Finds the numbers in the prose of the book that nothing accounts for.

A number is accounted for if

- an assertion of the page quotes it: the message of an ``assert`` is a piece of the sentence, and its
  condition compares something with that number;
- an output of the same section (from one ``##`` heading to the next) prints it, written the same way or with
  more digits, as a share or as per cent (nbval compares the outputs);
- a source gives it: the sentence, or what introduces its table, cites one;
- the code of the section sets it: it is a number in a cell (a share, a difference, or "3 of 5" is a result,
  and no code can set it);
- it is part of a name or of a definition, as `DEFINITIONS` says, or is listed in `KNOWN` with a reason.

An assertion whose message is in no sentence is reported as well: the sentence has changed since.

In words only what counts or measures is read: "six of the ten", "two of them", "a third", "eight points".
Formulas are definitions, but for decimals and numbers of three or more digits, which are read like prose.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

CITED, CODE, FORMULA = "⟨cited⟩", "⟨code⟩", "⟨formula⟩"

PARSER = (
    MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).use(amsmath_plugin).use(myst_role_plugin)
)

# Fenced directives whose body is prose.
PROSE_DIRECTIVES = ("note", "glossary", "admonition", "tip", "warning")

# fmt: off
_NAMES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)
# fmt: on
WORDS = {
    **{name: value for value, name in enumerate(_NAMES)},
    **{name: 10 * value for value, name in enumerate(("thirty", "forty", "fifty", "sixty"), start=3)},
    "none": 0,
    "a hundred": 100,
}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_COUNT = rf"(?:{_DIGITS}|{'|'.join(WORDS)})"
_NUMBER = re.compile(rf"(?<![A-Za-z]-)(?<![\w.,/#\\^_])(?:{_DIGITS})(?!\w|[.,]\d)")
_COUNTED = r"(?:images?|digits?|seeds?|times|cases?|answers?|pairs?|runs?|tasks?|pixels|places)"
_OF = re.compile(
    rf"(?<!middle )\b({_COUNT})(?: {_COUNTED})? (?:out of|of|in) (?:the |its |all |these |our )?({_COUNT})\b",
    re.IGNORECASE,
)
_OF_THEM = re.compile(rf"\b({'|'.join(WORDS)}) of (?:them|these|those)\b", re.IGNORECASE)
_FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
_FRACTION = re.compile(
    r"\b(?:(a|two|three|four|one) (third|quarter|fifth|tenth)s?|(half) (?:of|a|as)|by (half))\b",
    re.IGNORECASE,
)
_FOLD = re.compile(rf"\b({'|'.join(WORDS)})fold\b", re.IGNORECASE)
_MEASURED = re.compile(rf"\b({'|'.join(WORDS)}) (?:points?(?! on\b)|per cent|times)\b", re.IGNORECASE)
_PRINTED = re.compile(rf"(?<![\w.])(?:{_DIGITS})(?:[eE][-+]?\d+)?")
_ABOUT = re.compile(r"(?:about|nearly|almost|some|roughly|around|over|more than) $")
_UNITS = {"million": 1e6, "M": 1e6, "billion": 1e9, "G": 1e9, "thousand": 1e3, "k": 1e3}

# Words that name a source whose citation stands nearby.
SOURCES = re.compile(
    r"\bREADME\b|\bpaper(?:'s)? (?:own |prints|lists|reports)|\bpaper's (?:table|figure|later|parameter)|"
    r"\bsame (?:table|paper)\b|\bTable \d+|\bFigure \d+|\bjournal (?:version|paper)|\bmodel zoo\b",
    re.IGNORECASE,
)

# What is no result: names, sizes, and what words such as "between 0 and 1" define.
DEFINITIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:chapter|section|table|figure|equation|step|question|stage|layer|seed|channel|issue|version)s? "
        rf"{_DIGITS}(?:(?:, | and | or | to |, and ){_DIGITS})*\b(?!\.\d)",
        rf"\b{_DIGITS} × (?:{_DIGITS}|[A-Za-z])\b(?: × {_DIGITS})*",
        r"\w × \d+(?: × \d+)*",
        r"95 % intervals?",
        r"between 0 and 1\b",
        r"\b(?:near|leaves out|sum to|length|mean|variance|all at|start(?:s|ing)? at) [01]\b(?!\.\d)",
        r"\b(?:stride|dilation)s? (?:of )?\d\b",
        r"\bimages? of 224 pixels|\d+ pixels of 224",
        r"\b(?:19|20)\d\d[ab]?\b(?=\)|,| and | challenge)",
        r"\b\d{1,2} (?:Jan|Febr)uary\b|\b\d{1,2} (?:March|April|May|June|July|August)\b",
        r"\b\d{1,2} (?:Septem|Octo|Novem|Decem)ber\b",
        r"\d+(?=-D\b)",
        r"\bCC(?:0| BY) \d\.\d\b",
    )
)


@dataclass(frozen=True)
class Number:
    """A number of the prose: where it stands, what it says, and how exactly."""

    sentence: str
    start: int
    end: int
    value: float
    half: float
    """Half a unit of its last digit."""
    kind: str
    """``share`` (per cent, points, times), ``of`` (a part of a count), ``words``, ``decimal``, ``count``."""
    rate: float = 0.0
    """Of a part of a count: part by whole."""
    rate_half: float = 0.0
    """Half of one of the whole: "three in a hundred" may be 2.6 %."""
    scale: float = 1.0
    """A million if it is said in millions."""

    @property
    def text(self) -> str:
        """The number as it is written."""
        return self.sentence[self.start : self.end]

    @property
    def unit(self) -> str:
        """The unit of a share: per cent, points or times."""
        return _unit(self.sentence[self.end :])

    def is_near(self, other: float) -> bool:
        """Tell whether ``other`` is this number, with more digits perhaps."""
        return any(
            abs(abs(other) - self.value * scale) <= self.half * scale * (1 + 1e-9)
            for scale in {1.0, self.scale}
        )


@dataclass
class Section:
    """What stands between two headings: sentences, outputs and code."""

    title: str
    sentences: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


# --- reading a page ---


def _plain(children: list[Token]) -> str:
    pieces: list[str] = []
    link, start = "", 0  # where a link leads, and where its words begin
    for child in children:
        if child.type == "text":
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
        elif child.type == "code_inline":
            pieces.append(CODE)
        elif child.type == "math_inline":
            pieces.append(_formula(child.content))
        elif child.type == "myst_role":
            pieces.append(CITED if child.meta["name"].startswith("cite") else CODE)
        elif child.type == "link_open":
            link, start = str(child.attrGet("href")), len(pieces)
        elif child.type == "link_close" and re.fullmatch(r"\(\d+\)", "".join(pieces[start:])):
            pieces[start:] = [FORMULA]  # the number of an equation
        elif child.type == "link_close" and _is_source(link, "".join(pieces[start:])):
            pieces.append(CITED)
    return re.sub(r"\s+", " ", "".join(pieces)).strip()


def _is_source(address: str, words: str) -> bool:
    """Tell whether a link cites: "Hu et al. (2018)" does, and so does a page of a repository."""
    year = re.search(r"\b(?:19|20)\d\d[ab]?\b", words)
    return address.startswith("http") and ("github.com" in address or year is not None)


def _formula(tex: str) -> str:
    """Return a formula as prose if it is no more than a number, else a placeholder and its long numbers."""
    plain = tex.replace(r"\times", "×").replace(r"\%", "%").replace("{,}", ",").replace(r"\,", " ")
    plain = re.sub(r"\s+", " ", plain).strip()
    if re.fullmatch(rf"{_DIGITS}(?: × {_DIGITS})*(?: %)?", plain):
        return plain
    long = [n for n in re.findall(rf"(?<![\w.]){_DIGITS}(?![\w.])", plain) if "." in n or len(n) > 2]
    return " ".join([FORMULA, *long])


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z⟨\d(*\"])", text)


def sentences(markdown: str) -> Iterator[str]:
    """Yield the sentences, headings and table rows of a text; what introduces a table cites for its rows."""
    row: list[str] | None = None
    introduction = ""
    for token in PARSER.parse(markdown):
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            is_cited = CITED in introduction or SOURCES.search(introduction)
            yield " | ".join([*row, CITED] if is_cited else row)
            row = None
        elif token.type == "inline":
            text = _plain(token.children or [])
            if row is not None:
                row.append(text)
            else:
                introduction = text
                yield from _sentences(text)
        elif token.type in ("math_block", "math_block_label", "amsmath"):
            yield _formula(token.content)
        elif token.type == "fence":
            name = token.info.strip("{} ").split("}")[0]
            if name in PROSE_DIRECTIVES:
                yield from sentences(token.content)
            elif name == "math":
                yield _formula(token.content)


def sections(path: Path) -> list[Section]:
    """Read a page, a notebook or a Markdown file, into its sections."""
    found = [Section("")]
    if path.suffix == ".md":
        cells = [nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))]
    else:
        cells = nbformat.read(path, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "code":
            found[-1].code.append(cell.source)
            found[-1].outputs += [text for output in cell.outputs for text in _printed(output)]
            continue
        for piece in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            if piece.startswith("## "):
                found.append(Section(piece.splitlines()[0].removeprefix("## ")))
            found[-1].sentences += sentences(piece)
    return found


def _printed(output: nbformat.NotebookNode) -> Iterator[str]:
    if output.output_type == "stream":
        yield output.text
        return
    text = output.get("data", {}).get("text/plain", "")
    # Nothing that was computed: the size of a drawing, and an exercise's question.
    if not re.match(r"<Figure size|<IPython", text) and not re.search(r"\[[0-9a-f]{8}\]$", text):
        yield text


# --- numbers in a sentence ---


def _value(text: str) -> float:
    return float(WORDS[text.lower()] if text.lower() in WORDS else text.replace(",", ""))


def numbers(sentence: str) -> Iterator[Number]:
    """Yield the numbers of a sentence: all in digits, and those in words that count or measure."""
    found: dict[int, Number] = {}
    for match in _parts(sentence):
        for group in (1, 2):
            start, end = match.span(group)
            share = _value(match[1]) / _value(match[2])
            found[start] = Number(
                sentence, start, end, _value(match[group]), 0.0, "of", share, 0.5 / _value(match[2])
            )
    for pattern in (_OF_THEM, _FOLD):
        for match in pattern.finditer(sentence):
            if match[1].lower() not in ("one", "none"):
                found.setdefault(
                    match.start(), Number(sentence, *match.span(1), _value(match[1]), 0.5, "words")
                )
    for match in _FRACTION.finditer(sentence):
        name = (match[2] or match[3] or match[4]).lower()
        value = _FRACTIONS[name] * WORDS.get((match[1] or "one").lower(), 1)
        # As near as such a word is: "a third" is 0.30 or 0.37, too.
        found.setdefault(match.start(), Number(sentence, *match.span(), value, 0.13 * value, "words"))
    for match in _MEASURED.finditer(sentence):
        start, end = match.span(1)
        found.setdefault(start, Number(sentence, start, end, _value(match[1]), 0.5, "share"))
    for match in _NUMBER.finditer(sentence):
        if match.start() not in found:
            found[match.start()] = _in_digits(sentence, match)
    yield from (found[start] for start in sorted(found))


def _unit(after: str) -> str:
    """Name the unit of a share by what follows it; nothing follows other numbers."""
    if match := re.match(r"(?: ?%| per cent)|( points?\b)|( times\b)", after):
        return "points" if match[1] else "times" if match[2] else "per cent"
    return ""


def _parts(sentence: str) -> Iterator[re.Match[str]]:
    """Yield where a sentence counts a part of a whole; "one of the two" and "one of 8 weights" do not."""
    for match in _OF.finditer(sentence):
        mixed = match[1].lower() in WORDS and match[2].lower() not in WORDS
        if not mixed and "." not in match[1] and _value(match[1]) <= _value(match[2]) > 2:
            yield match


def _in_digits(sentence: str, match: re.Match[str]) -> Number:
    text, after = match[0], sentence[match.end() :]
    decimals = len(text.partition(".")[2])
    value, half = _value(text), 0.5 * 10.0**-decimals
    if _ABOUT.search(sentence[: match.start()]) and not decimals:
        half *= 10 ** (len(text) - len(text.rstrip("0")))  # "about 300"
    kind = "share" if _unit(after) else "decimal" if decimals else "count"
    unit = re.match(rf" ({'|'.join(_UNITS)})\b", after)
    scale = _UNITS[unit[1]] if unit else 1.0
    return Number(sentence, match.start(), match.end(), value, half, kind, scale=scale)


# --- accounts ---


def _literals(node: ast.expr) -> Iterator[float]:
    """Yield the numbers written in one side of a comparison."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield from (_value(text) for text in re.findall(_DIGITS, node.value))
        elif isinstance(node.value, (int, float)):
            yield float(node.value)
    elif isinstance(node, ast.UnaryOp):
        yield from _literals(node.operand)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for element in node.elts:
            yield from _literals(element)
    elif isinstance(node, ast.Dict):
        for element in node.values:
            yield from _literals(element)


@dataclass(frozen=True)
class Printed:
    """A number of an output, and what stands around it."""

    value: float
    decimals: int
    signed: bool
    per_cent: bool
    line: str

    @classmethod
    def all(cls, output: str) -> Iterator[Printed]:
        """Yield the numbers of an output."""
        for line in output.splitlines():
            for match in _PRINTED.finditer(line):
                yield cls(
                    float(match[0].replace(",", "")),
                    len(match[0].partition(".")[2]),
                    line[: match.start()].endswith(("+", "-")),
                    line[match.end() :].lstrip().startswith("%"),
                    line,
                )


@dataclass
class Accounts:
    """What a section offers to account for its numbers."""

    quotes: list[tuple[str, list[float]]]
    printed: list[Printed]
    outputs: str
    written: set[float]

    @classmethod
    def of(cls, section: Section) -> Accounts:
        """Read the outputs and the code of a section."""
        quotes, written = [], set()
        for source in section.code:
            lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
            for node in ast.walk(ast.parse("\n".join(lines))):
                if isinstance(node, ast.Assert) and isinstance(node.msg, ast.Constant):
                    compared = [
                        number
                        for inner in ast.walk(node.test)
                        if isinstance(inner, ast.Compare)
                        for side in (inner.left, *inner.comparators)
                        for number in _literals(side)
                    ]
                    quotes.append((str(node.msg.value), compared))
                elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
                    written.add(float(node.value))
        outputs = "\n".join(section.outputs)
        return cls(quotes, list(Printed.all(outputs)), outputs, written)

    def account(self, number: Number) -> str | None:
        """Return what accounts for a number, or None."""
        if self._is_quoted(number):
            return "quoted"
        if any(
            match.start() <= number.start and number.end <= match.end()
            for pattern in DEFINITIONS
            for match in pattern.finditer(number.sentence)
        ):
            return "defined"
        if self._is_printed(number):
            return "printed"
        if self._is_cited(number):
            return "cited"
        if number.kind in ("count", "decimal") and number.value in self.written:
            return "set"
        return None

    @staticmethod
    def _is_cited(number: Number) -> bool:
        """Tell whether a source stands before the number in its sentence, or behind it in its clause."""
        clause = re.split(r"[:;]", number.sentence[number.end :])[0]
        reach = number.sentence[: number.end] + clause
        return CITED in reach or bool(SOURCES.search(reach))

    def _is_quoted(self, number: Number) -> bool:
        for quote, compared in self.quotes:
            at = number.sentence.find(quote)
            while at >= 0:
                if at <= number.start and number.end <= at + len(quote):
                    shares = (1, 100) if number.unit in ("per cent", "points") else (1,)
                    if any(number.is_near(one * scale) for one in compared for scale in shares):
                        return True
                    if number.rate and any(abs(abs(x) - number.rate) <= number.rate_half for x in compared):
                        return True
                at = number.sentence.find(quote, at + 1)
        return False

    def _is_printed(self, number: Number) -> bool:
        if number.kind == "words":
            return False
        if number.kind == "of":
            pair = next(m for m in _parts(number.sentence) if number.start in (m.start(1), m.start(2)))
            part, whole = (f"{_value(pair[group]):g}" for group in (1, 2))
            return bool(re.search(rf"(?<![\d.]){part} ?(?:of|/) ?{whole}(?![\d.])", self.outputs))
        if not number.text[0].isdigit():
            return False
        unit = number.unit
        for found in self.printed:
            if not number.is_near(found.value):
                shrunk = unit != "" and found.decimals and not found.per_cent
                if not (shrunk and number.is_near(100 * found.value)):
                    continue
            if unit == "per cent" and not (found.per_cent or found.decimals):
                continue
            if unit == "points" and not (found.signed or "points" in found.line):
                continue
            if unit == "times" and not (found.decimals or "times" in found.line or " x" in found.line):
                continue
            return True
        return False


# What many chapters say of the experiment with digits; a test compares each with the experiment.
EXPERIMENT = (
    "2,000 test images",
    "2,000 images",
    "standard error of 0.8 points",
    "16, 32 and 64 channels",
    "14 fragments",
)

# Numbers that no rule above can know, by page: a piece of the sentence with the number, and the reason.
KNOWN: dict[str, dict[str, str]] = {
    "install_and_cite": {
        "3.10 to 3.13 and PyTorch 2.6": "the versions that pyproject.toml asks for",
        "Notebook 7": "the name of a program",
    },
    "00_opening": {"takes six of them apart": "the six blocks of the book, named there"},
    "01_feature_maps_and_gates": {
        "Five of the six blocks": "self-attention has no gate, says the text below",
        "the middle half of the field": "the columns of the table are called so",
        "half of them may be wanted": "an example without a measurement",
    },
    "02_squeeze_and_excitation": {"for a 3 and for an 8": "two digits, as examples of images"},
    "03_eca": {"1,048,576": "two to the power of 20, beside the formula"},
    "04_cbam": {
        "the picture above shows two of them": "of the three things that the list names",
        "a window of 3 points less well": "a size, and a verb",
    },
    "05_bam": {
        "by 0.99 and another by 0.01": "an example of two gates",
        "which grow fourfold": "a question to the reader",
        "Two of them reach": "the two convolutions that the sentence before defines",
        "one in four may do": "an argument without a measurement",
        "made ten times as large": "what the cell below does",
        "1,001 images in batches of 50": "an example that is worked out there",
        "half of its rows and columns": "what a stride of 2 does",
    },
    "06_coordinate_attention": {
        "drawn three times as bright": "what the cell below does",
        "a gain of two points for MobileNetV2": "the authors' table, quoted under what it costs",
        "the channel half of CBAM": "one of the two parts of that block",
    },
    "07_self_attention": {"Which counts grow fourfold, and which sixteenfold": "a question to the reader"},
    "08_where_to_put_a_block": {"in half a sentence each": "a way of speaking"},
    "09_into_a_pretrained_network": {"between two of them": "any two members of a network"},
    "10_seeing_attention": {
        "the negative half of what": "the values below zero",
        "between 0.45 and 0.55": "an example of a narrow range",
        "for one of fifty": "a question to the reader",
    },
    "11_what_each_block_can_see": {
        "A gain of half a point": "an example without a measurement",
        "of the cue, and 100 %": "a reader without an error",
        "the average half of CBAM": "one of the two parts of its channel gate",
        "half a success": "the outcome between, as defined above",
        "moved by half a place": "two of four rows, as the table has it",
        "no place sees two of them": "follows from the two distances before it",
        "half of what its channel gate sees": "one of its two pools",
        "ECA then read 95 % of the frames": "a trial that `predictions` writes down, without a record",
        "begun with 0.002": "a trial that `predictions` writes down, without a record",
        "each half of it": "one of its two pools",
    },
    "13_choosing_a_block": {"Your task is a third place": "after the digits and ImageNet"},
    "appendix_a_what_circulating_code_gets_wrong": {
        "32 in a ResNeXt-50 (32×4d)": "the network's name says so",
    },
    "appendix_c_api": {"from 1.0 on": "the number of a version"},
    "appendix_d_glossary": {
        "with 1 it is an ordinary one": "what the word dilation means",
        "and 0 into one half": "what the sigmoid does",
    },
}


@cache
def read(path: Path) -> list[tuple[Section, Accounts]]:
    """Read a page into its sections, each with its accounts and the quotes of the whole page."""
    page = [(section, Accounts.of(section)) for section in sections(path)]
    quotes = [quote for _, accounts in page for quote in accounts.quotes]
    return [(section, replace(accounts, quotes=quotes)) for section, accounts in page]


def stale_quotes(path: Path) -> list[str]:
    """Return the messages of assertions that stand in no sentence of their page, which has changed since."""
    page = read(path)
    said = [sentence for section, _ in page for sentence in section.sentences]
    return [quote for quote, _ in page[0][1].quotes if not any(quote in sentence for sentence in said)]


def without_account(path: Path) -> Iterator[tuple[str, Number]]:
    """Yield the numbers of a page that no rule accounts for, each with the title of its section."""
    for section, accounts in read(path):
        for sentence in section.sentences:
            for number in numbers(sentence):
                if accounts.account(number) is None:
                    yield section.title, number


def stands_in(number: Number, piece: str) -> bool:
    """Tell whether a number is a part of a piece of its sentence."""
    at = number.sentence.find(piece)
    return at >= 0 and at <= number.start and number.end <= at + len(piece)


def unaccounted(path: Path) -> list[str]:
    """Return the numbers of a page that nothing accounts for, each with its section and its sentence."""
    exceptions = (*KNOWN.get(path.stem, ()), *EXPERIMENT)
    return [
        f"{title}: {number.text} ({number.kind}): "
        f"...{number.sentence[max(0, number.start - 60) : number.end + 50]}..."
        for title, number in without_account(path)
        if not any(stands_in(number, piece) for piece in exceptions)
    ]
