"""What all pages share: their frame, the policy in their head, and how numbers are written."""

import math
import re

import pytest

from vaelid.interface.html.numbers import (
    counted,
    dimensions,
    duration,
    error,
    formatted,
    four_digits,
    minus,
    places,
    plain,
    power_of_ten,
)
from vaelid.interface.html.page import asset, page


def made(**changes):
    parts = {"styles": ["p { color: red; }"], "bar": ["<b>vaelid</b>", "here"], "sections": ["<p>1</p>", "<p>2</p>"]}
    return page(**{"title": "t", "description": "d", "footer": "f", **parts, **changes})


def test_a_page_holds_its_parts_in_order():
    html = made(footer="<i>end</i>")
    parts = (
        "<title>t</title>",
        'name="description" content="d"',
        asset("vaelid.interface.html", "tokens.css"),
        "p { color: red; }</style>",
        '<div class="bar"><span><b>vaelid</b></span><span>here</span></div>',
        "<main>\n<p>1</p>\n<p>2</p>\n</main>",
        "<footer><i>end</i></footer>",
    )
    places_of_parts = [html.index(part) for part in parts]
    assert places_of_parts == sorted(places_of_parts)


SHEETS = {"html": "tokens.css", "audit": "audit.css", "run_page": "run.css"}


def test_no_sheet_of_a_page_says_again_what_all_pages_share():
    """Of rules with several declarations; one declaration may well be right in two places."""
    found: dict[str, list[str]] = {}
    for package, name in SHEETS.items():
        text = re.sub(r"/\*.*?\*/", "", asset(f"vaelid.interface.{package}", name), flags=re.DOTALL)
        for selector, body in re.findall(r"([^{};]+)\{([^{}]*)\}", text):
            said = frozenset(part.strip() for part in body.split(";") if part.strip())
            if len(said) > 1:
                found.setdefault(str(sorted(said)), []).append(f"{name}: {selector.strip()}")
    assert [places for places in found.values() if len(places) > 1] == []


def test_a_page_forbids_all_loading_and_scripts_that_it_has_not():
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert f'http-equiv="Content-Security-Policy" content="{policy}">' in made()
    with_script = made(scripts="<script>1</script>\n")
    assert f"content=\"{policy}; script-src 'unsafe-inline'\">" in with_script
    assert with_script.endswith("<footer>f</footer>\n<script>1</script>\n</body>\n</html>\n")


def test_title_and_description_are_text():
    html = made(title="<t>", description='"d" & <e>')
    assert "<title>&lt;t&gt;</title>" in html
    assert 'content="&quot;d&quot; &amp; &lt;e&gt;">' in html


@pytest.mark.parametrize(
    ("value", "decimals", "words"),
    [
        (1234.5, 1, "1,234.5"),
        (-0.004, 2, "0.00"),
        (-2.5, 2, "−2.50"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (math.nan, 2, "not a number"),
    ],
)
def test_numbers_are_written_with_a_true_minus_and_without_minus_zero(value, decimals, words):
    assert formatted(value, decimals) == words


@pytest.mark.parametrize(
    ("error", "two", "one"),
    [(0.22, 2, 1), (0.052, 3, 2), (12.3, 0, 0), (1.0, 1, 0), (1e-9, 6, 6), (0.0, 2, 2), (math.nan, 2, 2)],
)
def test_a_number_has_the_places_that_its_error_allows(error, two, one):
    assert (places(error), places(error, 1)) == (two, one)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4 s"), (29.4, "29 s"), (59.9, "1 min 0 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min")],
)
def test_durations_are_written_in_units_of_a_person(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("value", "words"), [(0.35914, "0.3591"), (-12.5, "−12.5"), (4.0, "4"), (2e-7, "2e−07")])
def test_four_digits(value, words):
    assert four_digits(value) == words


def test_small_forms():
    assert (plain(0.001), plain(1.0), plain(-16), plain(1200)) == ("0.001", "1", "−16", "1,200")
    assert (power_of_ten(-12), power_of_ten(3)) == ("10⁻¹²", "10³")
    assert (error(0.2234), error(math.nan)) == ("± 0.22", "")
    assert (counted(1, "epoch"), counted(1200, "epoch"), counted(2, "epoch lies", "epochs lie")) == (
        *("1 epoch", "1,200 epochs", "2 epochs lie"),
    )
    assert dimensions((1, 8, 1024)) == "1 × 8 × 1,024"
    assert minus("-1.5 to -1") == "−1.5 to −1"
