"""`vsearch curve families`, `show` and `plot`."""

from pathlib import Path

import click

from vsearch.cli.options import json_option
from vsearch.cli.output import check_output, force_option, note, print_json, print_line, print_table
from vsearch.curves import Curve, FloatKnob, parse_curve, parse_setting, shape
from vsearch.curves import families as all_families
from vsearch.errors import InputError
from vsearch.spec.depth import num_blocks

_CURVE_HELP = """CURVE is a family with its knobs (triangle peak=1.3 floor=0.8), a curve of the paper
    (cifar10-resnet32, cifar10-resnet56, cifar100-resnet32, cifar100-resnet56), a list of levels (1,1,0.75,1.45) or a
    curve as JSON."""


@click.command()
@json_option
def families(as_json: bool) -> None:
    """The curve families, their knobs and default search ranges."""
    found = all_families()
    if as_json:
        print_json("curve-families", {"families": {name: _family_content(cls) for name, cls in found.items()}})
        return
    rows = [
        (name, ", ".join(str(knob) for knob in (*cls.structure(), *cls.knobs())) or "(a given list; not searched)")
        for name, cls in found.items()
    ]
    print_table(("family", "knobs and default ranges"), rows)


@click.command(help=f"The scale at each block, and a sparkline.\n\n    {_CURVE_HELP}")
@click.argument("curve")
@click.argument("knobs", nargs=-1, metavar="[KNOB=VALUE]...")
@click.option("--depth", type=int, default=32, show_default=True, help="Layers of the network, 6n+2.")
@json_option
def show(curve: str, knobs: tuple[str, ...], depth: int, as_json: bool) -> None:
    """Values per block of one curve."""
    from vsearch.cli.pen import Pen
    from vsearch.reports.terminal import limits

    blocks = num_blocks(depth)
    found = curve_of(curve, knobs)
    scales = found.scales(blocks)
    if as_json:
        content = {"curve": found.to_dict(), "depth": depth, "num_blocks": blocks, "scales": list(scales)}
        means = {"mean": shape.mean(scales), "geometric_mean": shape.geometric_mean(scales)}
        print_json("curve", {**content, **means})
        return
    print_line(f"{found} at {blocks} blocks (depth {depth})")
    pen = Pen()
    pen.write(*pen.chart(scales, limits([scales]), indent=0))
    print_line(f"scale {min(scales):.4g} {pen.dots} {max(scales):.4g}, mean {shape.mean(scales):.4f}")
    print_table(
        ("block", "t", "scale"),
        [(block, f"{15 * block / blocks:.3f}", f"{scale:.4f}") for block, scale in enumerate(scales, start=1)],
    )
    if len(set(scales)) == 1:
        note("note: this curve is constant")


@click.command(help=f"A picture of one curve.\n\n    {_CURVE_HELP}")
@click.argument("curve")
@click.argument("knobs", nargs=-1, metavar="[KNOB=VALUE]...")
@click.option("--depth", type=int, default=32, show_default=True, help="Layers of the network, 6n+2.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.html, .png, .svg or .pdf.")
@force_option
def plot(curve: str, knobs: tuple[str, ...], depth: int, output: Path, force: bool) -> None:
    """Draw one curve into a file."""
    from vsearch.reports.drawing.figure_file import write_figure
    from vsearch.reports.figures.scales import scales_chart, scales_info

    found = curve_of(curve, knobs)
    check_output(output, force=force)
    write_figure(scales_chart(scales_info({str(found): found}, num_blocks(depth))), output)
    print_line(str(output))


def curve_of(text: str, knobs: tuple[str, ...]) -> Curve:
    """The curve of a command line, as `_CURVE_HELP` describes it.

    Raises:
        InputError: it is none, or a knob is given twice.
    """
    pairs = [parse_setting(knob) for knob in knobs]
    settings = dict(pairs)
    if len(settings) < len(pairs):
        raise InputError(f"a knob is given twice in {' '.join(knobs)}; give each once")
    return parse_curve(text, settings)


def _family_content(cls: type[Curve]) -> dict[str, object]:
    knobs: dict[str, dict[str, object]] = {}
    for knob in cls.knobs():
        if isinstance(knob, FloatKnob):
            knobs[knob.name] = {"low": knob.low, "high": knob.high, "default": knob.default, "doc": knob.doc}
        else:
            knobs[knob.name] = {"choices": list(knob.choices), "default": knob.default, "doc": knob.doc}
    structure = {knob.name: {"low": knob.low, "high": knob.high, "default": knob.default} for knob in cls.structure()}
    return {"searchable": cls.is_searchable, "structure": structure, "knobs": knobs}
