"""docs/vendors.md, as the adapters declare it: docs/vendors.template.md with what is said of every product put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from vendors.declared import Call, Declared, Read, Write
from vendors.ports.source import System
from vendors.registry import PRODUCTS
from vendors.resilience.limits import Limit

TEMPLATE = Path(__file__).parents[1] / "docs" / "vendors.template.md"
SYSTEMS: Mapping[System, str] = {
    System.PAM: "PAM", System.CASHIER: "cashier", System.KYC: "KYC", System.BONUS: "bonus",
    System.AGGREGATOR: "aggregator", System.CRM: "CRM", System.TICKETING: "ticketing",
}  # fmt: skip


class Line(NamedTuple):
    """A product that stands for a system, under its name in `config.yaml`; a side bears its product's."""

    system: System
    name: str
    vendor: str
    declares: Declared

    @property
    def title(self) -> str:
        """What the page calls it: six systems share the name of the reference contract."""
        return f"{self.vendor} ({SYSTEMS[self.system]})" if self.vendor == "Reference contract" else self.vendor


def lines() -> Sequence[Line]:
    """What stands behind the seven systems, a product after the other and its sides after it, the contract last."""
    told = [
        line
        for system, known in PRODUCTS.items()
        for name, product in known.items()
        for line in (
            Line(system, name, product.vendor, product.declares),
            *(Line(at, name, side.vendor, side.declares) for at, side in product.sides.items()),
        )
    ]
    return sorted(told, key=lambda line: line.vendor == "Reference contract")


def page() -> str:
    """The whole page. Raises KeyError for a `{{part}}` of the template that there is not."""
    written = TEMPLATE.read_text()
    for name, part in PARTS.items():
        written = written.replace(f"{{{{{name}}}}}", part(lines()))
    if "{{" in written:
        raise KeyError(written.split("{{", 1)[1].split("}}", 1)[0])
    return written


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A table, or nothing where it would have no row; a column without a word in any row is left out."""
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in cells)]
    body = [[row[at] for at in kept] for row in cells]
    written = [[head[at] for at in kept], ["---"] * len(kept), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in written) + "\n\n" if cells else ""


def _documents(told: Sequence[Line]) -> str:
    return _table(
        ("product", "system", "`product:`", "document and date"),
        (
            (line.title, SYSTEMS[line.system], f"`{line.name}`", _named(line.declares))
            for line in told
        ),
    ).rstrip()  # fmt: skip


def _named(declared: Declared) -> str:
    return "; ".join(f"{one.name}, {one.date}" for one in declared.documents)


def _limits(told: Sequence[Line]) -> str:
    return _table(
        ("product", "limit", "calls", "of which calls", "told by a reply's headers"),
        (
            (line.title, f"`{one.name}`", f"{one.requests:,} in {one.seconds:.0f} s", _counted(one), _heard(one))
            for line in told
            for one in line.declares.limits
        ),
    ).rstrip()


def _counted(limit: Limit) -> str:
    words = ", ".join([f"`{one}`" for one in limit.operations] + list(limit.methods)) or "all"
    return f"{words}, each of what is called for itself" if limit.each else words


def _heard(limit: Limit) -> str:
    if limit.headers is None:
        return "no"
    names = (limit.headers.limit, limit.headers.remaining, limit.headers.reset)
    return ", ".join(f"`{name}`" for name in names) + "; the account's own number then stands in its place"


def _webhooks(told: Sequence[Line]) -> str:
    return _table(
        ("product", "signature", "told apart by", "ordered by", "tells"),
        (
            (line.title, hook.signature, hook.told_apart_by, hook.ordered_by, hook.tells)
            for line in told
            if (hook := line.declares.webhooks)
        ),
    ).rstrip()


def _capabilities(told: Sequence[Line]) -> str:
    return _table(
        ("product", "many keys a call", "writes", "a 429"),
        (
            (line.title, _batches(line.declares), _guarded(line.declares), line.declares.throttled)
            for line in told
        ),
    ).rstrip()  # fmt: skip


def _batches(declared: Declared) -> str:
    many = dict.fromkeys(f"`{one.port}` {_keys(one)}" for one in declared.reads if one.keys != 1)
    return ", ".join(many) or "none"


def _keys(read: Read) -> str:
    return "as many as there are" if read.keys is None and read.pages else str(read.keys or "as the file says")


def _guarded(declared: Declared) -> str:
    told = dict.fromkeys(f"`{one.port}` {one.idempotency.value}" for one in declared.writes if one.calls)
    return ", ".join(told) or "reads only"


def _products(told: Sequence[Line]) -> str:
    return "\n".join(_section(line) for line in told).rstrip()


def _section(line: Line) -> str:
    declared = line.declares
    head = f"### {line.title}: {SYSTEMS[line.system]}\n\n" + (
        f"{_filled(declared.notes)}\n\n" if declared.notes else ""
    )
    calls = _table(
        ("port's operation", "of the product", "keys a call", "pages", "remark"),
        ((f"`{one.port}`", _addresses(one.calls), _keys(one), one.pages, one.remark) for one in declared.reads),
    )
    credential = "".join(f"A credential is had by {_address(one)}.\n\n" for one in declared.credential)
    return head + calls + credential + _fields(declared) + _writes(declared) + _gaps(declared)


def _fields(declared: Declared) -> str:
    return _table(
        ("graph field", "of the product", "from, or what stands instead"),
        (
            row
            for one in declared.reads
            for row in (
                *((field, _addresses(one.calls[-1:]), text) for field, text in one.fields.items()),
                *((field, "NONE", text) for field, text in one.absent.items()),
            )
        ),
    )


def _writes(declared: Declared) -> str:
    return _table(
        ("mutation", "of the product", "before it", "idempotency", "audit id read back from", "remark"),
        (
            (
                f"`{one.mutation}`", _addresses(one.calls), _addresses(one.first) if one.first else "",
                _idempotency(one), _read_back(one), one.remark,
            )
            for one in declared.writes
        ),
    )  # fmt: skip


def _idempotency(write: Write) -> str:
    return write.idempotency.value if write.calls else ""


def _read_back(write: Write) -> str:
    if not write.calls:
        return ""
    by = f", by {_addresses(write.read_back_by)}" if write.read_back_by else ""
    return "UNRECONCILABLE" if write.read_back is None else write.read_back + by


def _gaps(declared: Declared) -> str:
    absent = _table(("no document holds", "instead"), iter(declared.absent.items()))
    assumed = "\n".join(_filled(f"- {one}") for one in declared.assumptions)
    return absent + (f"A live system must confirm:\n\n{assumed}\n\n" if assumed else "")


def _addresses(calls: Sequence[Call]) -> str:
    return ", ".join(_address(one) for one in dict.fromkeys(calls)) or "NONE"


def _address(call: Call) -> str:
    return f"`{call.method} {call.path}`" if call.path else f"the file's `{call.name}`"


def _filled(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


PARTS: Mapping[str, Callable[[Sequence[Line]], str]] = {
    "documents": _documents, "products": _products, "capabilities": _capabilities, "limits": _limits,
    "webhooks": _webhooks,
}  # fmt: skip
