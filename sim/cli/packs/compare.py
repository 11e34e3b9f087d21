"""``termtide compare``: two worlds side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from context.errors import FindingsError, InputError
from context.files import typed_path
from sim.cli.options import AsJson
from sim.cli.terminal import err, out, out_json

if TYPE_CHECKING:
    from sim.compare.figures import FigureSet
    from sim.fit.fitted import FitWish
    from sim.fit.warehouses.source import FitSource

_SHOWN = 20
_HELP = "A pack (name or folder), the folder of a run, duckdb:FILE, parquet:DIR or bigquery://PROJECT."


def compare_command(
    asked: Annotated[str, typer.Argument(metavar="A", help=f"What was asked: {_HELP}")],
    came: Annotated[str, typer.Argument(metavar="B", help="What came: as A.")],
    alarm: Annotated[
        float, typer.Option("--alarm", metavar="RATE", help="False alarms of the whole comparison.")
    ] = 1e-3,
    threshold: Annotated[
        int, typer.Option("--threshold", metavar="N", help="Least people behind a figure of a warehouse.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Tell where two packs, runs or warehouses differ.

    By more than chance; exit code 1 when they do.
    """
    from sim.compare.compare import compare
    from sim.fit.fitted import FitWish

    if not 0 < alarm < 1:
        raise InputError(f"--alarm: {alarm:g} given, allowed: a rate between 0 and 1, such as 0.001")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="termtide-compare-")))
        base = next((text for text in (asked, came) if _is_pack(text)), "us_public_r1")
        # Both are opened before one is fitted, which takes minutes.
        sides = [(text, stack.enter_context(_opened(text))) for text in (asked, came)]
        one, other = (
            _figures(text, opened, FitWish(threshold, base, str(i)), folder / str(i))
            for i, (text, opened) in enumerate(sides)
        )
        found = compare(one, other, alarm)
    if as_json:
        out_json({"a": asked, "b": came, **found.facts()})
    else:
        for each in found.beyond[:_SHOWN]:
            out(
                f"{each.block}, {each.cell}: asked {each.asked:.5g}, came {each.came:.5g}, "
                f"{each.distance:.3g} apart, by chance up to {each.bound:.3g}"
            )
    told = f"{asked} and {came}: {len(found.judged)} of {len(found.differences)} cells judged"
    if found.beyond:
        raise FindingsError(
            f"{told}, {len(found.beyond)} differ, most of all {found.beyond[0].block}, {found.beyond[0].cell}"
        )
    err.print(f"{told}, none differs by more than chance")


def _is_pack(text: str) -> bool:
    from context.packs.pack import built_in

    return text in built_in() or (typed_path(text) / "pack.toml").is_file()


@contextmanager
def _opened(text: str) -> Iterator[FitSource | None]:
    """The warehouse of a side; None for a pack. Raises InputError."""
    from sim.fit.warehouses.open import WAREHOUSE_FORMS, open_warehouse

    if _is_pack(text):
        yield None
        return
    with ExitStack() as stack:
        try:
            source = stack.enter_context(open_warehouse(text))
        except InputError as error:  # as ``termtide fit --from`` would say it
            told = str(error).removeprefix("--from ").replace(WAREHOUSE_FORMS, f"a pack, {WAREHOUSE_FORMS}")
            raise InputError(told) from None
        yield source


def _figures(text: str, opened: FitSource | None, wish: FitWish, folder: Path) -> FigureSet:
    from sim.compare.figures import of_fit, of_pack
    from sim.fit.fit import fit

    if opened is None:
        return of_pack(text, text)
    fitted = fit(opened, wish)
    fitted.draft.save(folder)
    return of_fit(text, fitted, folder)
