"""The report as a reader meets it: in a browser, by mouse, finger and keyboard, on any screen, light and dark."""

import numpy as np
import pytest
from browser import chromium_browser, opened  # noqa: F401 (a fixture)
from sample_reports import SMALL, small_report

from vaelid.interface.run_page import render_run

pytestmark = pytest.mark.browser

# The least contrast of any visible text with what lies behind it, and that text. Colours are read back from a
# pixel, since the browser reports them in whatever notation they were written.
LEAST_CONTRAST = """() => {
  const canvas = document.createElement('canvas'), pen = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const behind = element => {
    if (element.closest('#map')) return rgba(getComputedStyle(document.querySelector('#map .ground')).fill);
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = [Infinity, ''];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, words = walker.currentNode.textContent.trim();
    if (!words || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const front = rgba(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(front), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < least[0]) least = [contrast, words];
  }
  return least;
}"""


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.every(4)
def test_the_page_loads_without_complaint_asks_for_nothing_and_shows_every_image(name, chromium, tmp_path):
    with opened(chromium, render_run(small_report(name)), tmp_path) as found:
        sizes = found.page.evaluate("[...document.images].map(image => [image.complete, image.naturalWidth])")
        assert all(complete and width > 0 for complete, width in sizes)
        assert found.complaints == []
        outside = [url for url in found.requests if not url.startswith("data:")]
        assert outside == [(tmp_path / "page.html").as_uri()]
        assert found.page.locator("#pos").text_content() != ""


@pytest.mark.parametrize("name", ["digits", "vectors", "line", "vector line", "colour"])
@pytest.mark.every(3)
def test_the_mouse_over_the_map_changes_the_decoded_observation_and_its_place(name, chromium, tmp_path):
    with opened(chromium, render_run(small_report(name)), tmp_path) as found:
        before, place = found.picture(), found.page.locator("#pos").text_content()
        found.page.locator("#map").hover(position={"x": 450, "y": 60})
        assert found.picture() != before
        assert found.page.locator("#pos").text_content() != place


def test_the_cross_is_where_the_mouse_is(chromium, tmp_path):
    """At a ring's rightmost point the first coordinate is the ring's number of standard deviations."""
    with opened(chromium, render_run(small_report("digits")), tmp_path) as found:
        found.page.locator("#map").scroll_into_view_if_needed()
        ring = found.page.locator("#map circle.prior").nth(1).bounding_box()
        found.page.mouse.move(ring["x"] + ring["width"], ring["y"] + ring["height"] / 2)
        first, second = found.page.locator("#pos").text_content().replace("−", "-").strip("()").split(", ")
        assert (float(first), float(second)) == pytest.approx((2.0, 0.0), abs=0.02)


def test_a_finger_on_the_map_moves_the_cross(chromium, tmp_path):
    with opened(chromium, render_run(small_report("digits")), tmp_path, width=390, has_touch=True) as found:
        place = found.page.locator("#pos").text_content()
        found.page.locator("#map").tap(position={"x": 300, "y": 60})
        assert found.page.locator("#pos").text_content() != place


def test_at_a_node_of_the_grid_the_decoder_shows_that_node_and_between_two_their_mean(chromium, tmp_path):
    report = small_report("digits")
    grid, pictures = report.grid, report.pictures
    levels = 255 * np.clip((grid.images - pictures.low) / (pictures.high - pictures.low), 0, 1)
    middle = grid.images.shape[0] // 2
    with opened(chromium, render_run(report), tmp_path) as found:
        found.page.locator("#map").focus()
        found.page.keyboard.press("Home")
        assert found.page.locator("#pos").text_content() == "(0.00, 0.00)"
        for keys, expected in (
            ([], levels[middle, middle]),
            (["ArrowRight"], (levels[middle, middle] + levels[middle, middle + 1]) / 2),
            (["ArrowRight"], levels[middle, middle + 1]),
            (["Shift+ArrowUp"], levels[middle + 2, middle + 1]),
        ):
            for key in keys:
                found.page.keyboard.press(key)
            opacity = np.array(found.pixels())[:, 3]
            assert np.abs(opacity - expected.reshape(-1)).max() <= 1


def test_the_decoder_shows_the_colours_of_a_node(chromium, tmp_path):
    report = small_report("colour")
    grid, pictures = report.grid, report.pictures
    levels = 255 * np.clip((grid.images - pictures.low) / (pictures.high - pictures.low), 0, 1)
    with opened(chromium, render_run(report), tmp_path) as found:
        found.page.locator("#map").focus()
        for _ in range(30):
            found.page.keyboard.press("Shift+ArrowLeft")
            found.page.keyboard.press("Shift+ArrowDown")
        shown = np.array(found.pixels())
        assert np.abs(shown[:, :3] - levels[0, 0].reshape(3, -1).T).max() <= 1
        assert (shown[:, 3] == 255).all()


def test_on_one_latent_the_keys_go_along_the_line_only(chromium, tmp_path):
    with opened(chromium, render_run(small_report("line")), tmp_path) as found:
        found.page.locator("#map").focus()
        found.page.keyboard.press("Home")
        for key, place in (("ArrowUp", "0.00"), ("ArrowLeft", "−0.13"), ("Shift+ArrowRight", "0.38")):
            found.page.keyboard.press(key)
            assert found.page.locator("#pos").text_content() == place


def test_a_class_button_dims_the_others_and_a_second_press_brings_them_back(chromium, tmp_path):
    report = small_report("digits")
    with opened(chromium, render_run(report), tmp_path) as found:
        button = found.page.get_by_role("button", name="3", exact=True)
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert found.page.locator("#points .d:not(.off)").count() == (report.labels == 3).sum()
        button.click()
        assert found.page.locator("#points .off").count() == 0


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.every(2)
def test_nothing_overflows_sideways(name, chromium, tmp_path):
    with opened(chromium, render_run(small_report(name)), tmp_path) as found:
        for width in (320, 375, 390, 768, 1280):
            found.page.set_viewport_size({"width": width, "height": 900})
            assert found.page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_has_a_contrast_of_at_least_four_and_a_half(scheme, chromium, tmp_path):
    for name in ("digits", "vectors", "collapsed"):
        with opened(chromium, render_run(small_report(name)), tmp_path, color_scheme=scheme) as found:
            contrast, words = found.page.evaluate(LEAST_CONTRAST)
            assert contrast >= 4.5, (name, words)


def test_in_the_dark_ink_is_white(chromium, tmp_path):
    with opened(chromium, render_run(small_report("digits")), tmp_path, color_scheme="dark") as found:
        filters = found.page.evaluate("[...document.querySelectorAll('.ink')].map(e => getComputedStyle(e).filter)")
        assert filters
        assert set(filters) == {"invert(1)"}


def test_print_leaves_the_controls_out(chromium, tmp_path):
    with opened(chromium, render_run(small_report("digits")), tmp_path) as found:
        found.page.emulate_media(media="print")
        assert not found.page.locator("button").first.is_visible()
        assert found.page.locator("#dec").is_visible()
