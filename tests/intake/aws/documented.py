"""The examples of docs/intakes.md, as they stand there."""
import pathlib
import re

INTAKES = pathlib.Path(__file__).resolve().parents[3] / "docs/intakes.md"


def example(heading, language, number=0):
    """A block of code below a heading: the first of its language, or a later one."""
    section = INTAKES.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)[number]


def replace(text, **values):
    """Every `name: value` that begins a setting, and each of `values` must be there."""
    for name, value in values.items():
        text, count = re.subn(rf'(\b{name}: )[^\s,}}]+', lambda found: f'{found[1]}"{value}"', text)
        assert count, f"{name} is not in {text}"
    return text
