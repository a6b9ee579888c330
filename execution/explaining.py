"""What a plan would do, told without doing it: its steps, and what the caller is denied or shown masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from execution.plan import Field, Place, Plan


class ExplainedStep(msgspec.Struct, frozen=True):
    """One plural read: `after` is the step whose objects are its parents, None at the root."""

    number: int
    coordinate: str
    system: str | None
    path: str
    after: int | None


class Explanation(msgspec.Struct, frozen=True):
    """A plan as data; `denied` and `masked` are coordinates and how they stand."""

    steps: Sequence[ExplainedStep]
    denied: Sequence[str]
    masked: Sequence[str]
    rounds: int


def explained(plan: Plan) -> Explanation:
    """Every step once, in the order of the document. `rounds` are steps that wait for one another, at most."""
    steps: dict[int, ExplainedStep] = {}
    denied, masked = dict[str, None](), dict[str, None]()
    for field, path, after in _walked(plan.root, "", None):
        if field.spec is not None and field.denied:
            kind = masked if field.spec.deny.mask is not None else denied
            kind[f"{field.spec.coordinate} {field.spec.deny.name}"] = None
        elif field.step is not None:
            spec = field.step.spec
            steps.setdefault(
                field.step.number, ExplainedStep(field.step.number, spec.coordinate, spec.system, path, after)
            )
    return Explanation([*steps.values()], [*denied], [*masked], _rounds(steps))


def _walked(place: Place, path: str, after: int | None) -> Iterator[tuple[Field, str, int | None]]:
    for field in place.fields:
        here = f"{path}.{field.key}" if path else field.key
        yield field, here, after
        below = after if field.step is None else field.step.number
        for name, inner in field.places.items():
            yield from _walked(inner, here if len(field.places) == 1 else f"{here}<{name}>", below)


def _rounds(steps: dict[int, ExplainedStep]) -> int:
    depth: dict[int, int] = {}
    for number, step in steps.items():  # a step stands behind the one it waits for
        depth[number] = 1 + (depth.get(step.after, 0) if step.after is not None else 0)
    return max(depth.values(), default=0)
