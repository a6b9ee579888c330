"""docs/vendors.md, as the adapters declare it: docs/vendors.template.md with what is said of every product put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from vendors.declared import Call, Declared, Write
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.resilience.limits import Limit

TEMPLATE = Path(__file__).parents[1] / "docs" / "vendors.template.md"
SYSTEMS: Mapping[System, str] = {
    System.PAM: "PAM", System.CASHIER: "cashier", System.KYC: "KYC", System.BONUS: "bonus",
    System.AGGREGATOR: "aggregator", System.CRM: "CRM", System.TICKETING: "ticketing",
}  # fmt: skip
Row = Sequence[str]


class Line(NamedTuple):
    """A product that stands for a system, under its name in `config.yaml`; a side bears its product's."""

    system: System
    name: str
    vendor: str
    declares: Declared

    @property
    def title(self) -> str:
        """With its system: six of them share the name of the reference contract."""
        return f"{self.vendor} ({SYSTEMS[self.system]})"


def lines() -> Sequence[Line]:
    """What stands behind the seven systems: product after product, its sides after it, those of the contract last."""
    told = [
        line
        for system, known in PRODUCTS.items()
        for name, product in known.items()
        for line in (
            Line(system, name, product.vendor, product.declares),
            *(Line(at, name, side.vendor, side.declares) for at, side in product.sides.items()),
        )
    ]
    return sorted(told, key=lambda line: sum(line.vendor == other.vendor for other in told))


def page() -> str:
    """The whole page. Raises KeyError for a `{{part}}` of the template that there is not."""
    first, *others = TEMPLATE.read_text().split("{{")
    parts = [one.split("}}", 1) for one in others]
    return first + "".join(PARTS[name](lines()) + after for name, after in parts)


def _table(head: Row, rows: Iterable[Row]) -> str:
    """A table, or nothing where it would have no row; a column without a word in any row is left out."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in cells)]
    first, *others = (f"| {' | '.join(row[at] for at in kept)} |" for row in (head, *cells))
    return "\n".join([first, "|---" * len(kept) + "|", *others]) if cells else ""


def _documents(told: Sequence[Line]) -> str:
    def named(one: Declared) -> str:
        return "; ".join(f"{document.name}, {document.date}" for document in one.documents)

    rows = ((line.vendor, SYSTEMS[line.system], f"`{line.name}`", named(line.declares)) for line in told)
    return _table(("product", "system", "`product:`", "document and date"), rows)


def _products(told: Sequence[Line]) -> str:
    return "\n\n".join(_section(list(group)) for _, group in groupby(told, key=lambda line: line.vendor))


def _section(same: Sequence[Line]) -> str:
    """One product. The systems of the contract are told together: their addresses name them."""
    declared = [line.declares for line in same]
    parts = (
        f"### {same[0].title if len(same) == 1 else same[0].vendor}",
        _filled(declared[0].notes),
        _reads(declared),
        *(f"The credential is had by {_address(one)}." for one in declared[0].credential),
        _fields(declared[0]),
        _writes(declared),
        _table(("no document holds", "instead"), declared[0].absent.items()),
        "A live system must confirm:" if declared[0].assumptions else "",
        "\n".join(_filled(f"- {one}") for one in declared[0].assumptions),
    )
    return "\n\n".join(part for part in parts if part)


def _reads(declared: Sequence[Declared]) -> str:
    told = chain.from_iterable(one.reads for one in declared)
    return _table(
        ("port's operation", "of the product", "keys a call", "pages", "remark"),
        ((f"`{one.port}`", _addresses(one.calls), str(one.keys), one.pages, one.remark) for one in told),
    )


def _fields(declared: Declared) -> str:
    rows = [
        (field, of, text)
        for one in declared.reads
        for fields, of in ((one.fields, _addresses(one.calls)), (one.absent, "NONE"))
        for field, text in fields.items()
    ]
    said = chain.from_iterable(
        (of, *("NONE" if of == "NONE" else "the same" for _ in [*group][1:]))
        for of, group in groupby(of for _, of, _ in rows)
    )
    told = ((field, of, text) for (field, _, text), of in zip(rows, said, strict=True))
    return _table(("graph field", "of the product", "from, or what stands instead"), told)


def _writes(declared: Sequence[Declared]) -> str:
    return _table(
        ("mutation", "of the product", "before it", "idempotency", "audit id read back from", "remark"),
        (_write(one) for one in chain.from_iterable(one.writes for one in declared)),
    )


def _write(write: Write) -> Row:
    if not write.calls:
        return (f"`{write.mutation}`", "NONE", "", "", "", write.remark)
    found = f" (found by {_addresses(write.read_back_by)})" if write.read_back_by else ""
    read_back = "UNRECONCILABLE" if write.read_back is None else write.read_back + found
    of, first = _addresses(write.calls), _addresses(write.first)
    return (f"`{write.mutation}`", of, first, write.idempotency.value, read_back, write.remark)


def _capabilities(told: Sequence[Line]) -> str:
    return _table(
        ("product", "many keys a call", "writes", "a 429"),
        ((line.title, _batches(line.declares), _guarded(line.declares), line.declares.throttled) for line in told),
    )


def _batches(declared: Declared) -> str:
    keys = dict.fromkeys(one.keys for one in declared.reads if one.keys != 1)
    if all(one.keys in keys for one in declared.reads) and len(keys) == 1:
        return f"every read {next(iter(keys))}"
    told = (", ".join(f"`{one.port}`" for one in declared.reads if one.keys == most) + f" {most}" for most in keys)
    return "; ".join(told) or "none"


def _guarded(declared: Declared) -> str:
    told = dict.fromkeys(f"`{one.port}` {one.idempotency.value}" for one in declared.writes if one.calls)
    return ", ".join(told) or "reads only"


def _limits(told: Sequence[Line]) -> str:
    def row(line: Line, one: Limit) -> Row:
        return (line.vendor, f"`{one.name}`", f"{one.requests:,} in {one.seconds:.0f} s", _counted(one), _heard(one))

    rows = (row(line, one) for line in told for one in line.declares.limits)
    return _table(("product", "limit", "calls", "of which calls", "told by a reply's headers"), rows)


def _counted(limit: Limit) -> str:
    words = ", ".join([f"`{one}`" for one in limit.operations] + list(limit.methods)) or "all"
    return f"{words}, each brand or ticket for itself" if limit.each else words


def _heard(limit: Limit) -> str:
    if limit.headers is None:
        return "no"
    names = (limit.headers.limit, limit.headers.remaining, limit.headers.reset)
    return ", ".join(f"`{name}`" for name in names) + "; the account's own number then stands in its place"


def _webhooks(told: Sequence[Line]) -> str:
    hooks = ((line.vendor, hook) for line in told if (hook := line.declares.webhooks))
    rows = ((vendor, one.signature, one.told_apart_by, one.ordered_by, one.tells) for vendor, one in hooks)
    return _table(("product", "signature", "told apart by", "ordered by", "tells"), rows)


def _addresses(calls: Sequence[Call]) -> str:
    return ", ".join(_address(one) for one in dict.fromkeys(calls))


def _address(call: Call) -> str:
    return f"`{call.method} {call.path}`" if call.path else f"the file's `{call.name}`"


def _filled(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


PARTS: Mapping[str, Callable[[Sequence[Line]], str]] = {
    "documents": _documents, "products": _products, "capabilities": _capabilities, "limits": _limits,
    "webhooks": _webhooks,
}  # fmt: skip
