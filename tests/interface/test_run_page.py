"""The page of a run as text: every number is the data's, every word holds, and nothing of the user's runs."""

import base64
import io
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from sample_reports import SMALL, small_report

from vaelid.interface.html.numbers import formatted
from vaelid.interface.run_page import render_run
from vaelid.interface.run_page.curves import Curve, frame_of, outside
from vaelid.interface.run_page.drawing import ticks
from vaelid.interface.run_page.estimates import with_error
from vaelid.spec.errors import DivergenceError
from vaelid.train.evaluation import Estimate

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """The text of each element that has an id, the ids, the tags; a tag that is not closed is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.pieces: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in VOID:
            self.stack.append((tag, found.get("id")))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag

    def handle_data(self, data):
        for _, identity in self.stack:
            if identity:
                self.pieces.setdefault(identity, []).append(data)
        if self.stack and self.stack[-1][0] not in ("style", "script"):
            self.words.append(data)

    def text(self, identity: str) -> str:
        return " ".join("".join(self.pieces[identity]).split())

    @property
    def all_text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, tag: str, kind: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag and kind in (found.get("class") or "").split()]


def heading(html: str) -> str:
    return " ".join(re.search(r"<h1>(.*?)</h1>", html).group(1).split())


def lede(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", "", re.search(r'<p class="lede">(.*?)</p>', html).group(1)).split())


def svg(html: str, identity: str) -> str:
    return re.search(rf'<svg id="{identity}".*?</svg>', html, re.DOTALL).group(0)


def changed(name: str = "digits", **figures):
    """The report of a run with some figures of its evaluation set by hand."""
    report = small_report(name)
    return replace(report, evaluation=replace(report.evaluation, **figures))


def configured(report, **sections):
    config = {**report.config, **{k: {**report.config[k], **v} for k, v in sections.items()}}
    return replace(report, config=config)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.every(4)
def test_every_kind_of_run_gives_a_well_formed_page_that_names_nothing_outside(name):
    report = small_report(name)
    html = render_run(report)
    page = Page(html)
    assert len(set(page.ids)) == len(page.ids)
    assert {"map", "cross", "points", "dec", "pos", "curve-nll", "curve-kl", "kl-bars", "again"} <= set(page.ids)
    for tag, found in page.tags:
        for attribute in ("src", "href", "xlink:href", "action"):
            assert (found.get(attribute) or "data:").startswith("data:"), (tag, found)
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert render_run(report) == html


def test_the_page_of_digits_is_small():
    assert len(render_run(small_report("digits")).encode()) < 200_000


def test_the_key_figures_are_the_evaluation_with_errors_and_units():
    report = changed(
        elbo=Estimate(-18.4512, 0.2234),
        bits_per_dim=Estimate(0.41593, 0.00504),
        reconstruction_nll=Estimate(11.0149, 0.2071),
        kl=Estimate(7.4363, 0.0517),
        importance_weighted=Estimate(-17.2012, 0.1987),
        draws=2000,
        rows=1360,
    )
    page = Page(render_run(report))
    assert page.text("key-elbo") == "−ELBO18.45 ± 0.22nats per observation0.4159 ± 0.0050 bits per dimension"
    assert page.text("key-nll") == "reconstruction NLL11.01 ± 0.21nats per observation"
    assert page.text("key-kl") == "KL7.436 ± 0.052nats per observation"
    assert page.text("key-iw") == "−log p(x), at most17.20 ± 0.20nats per observation, importance-weighted, K = 2,000"
    assert page.text("key-active").startswith(f"active units{report.evaluation.active_units} of 6")
    assert "1,360 test observations, 2,000 draws each." in page.text("small-print")
    assert "The two bounds lie 1.25 nats apart" in page.text("small-print")
    assert "key-evidence" not in page.ids


def test_one_observation_has_no_error_and_the_page_says_so():
    nothing = Estimate(-3.0, math.nan)
    report = changed(elbo=nothing, bits_per_dim=replace(nothing, mean=0.1), rows=1)
    page = Page(render_run(report))
    assert page.text("key-elbo") == "−ELBO3.00nats per observation0.10 bits per dimension"
    assert "One observation has no standard error." in page.text("small-print")
    assert "nan" not in page.all_text


@pytest.mark.parametrize(
    ("active", "latents", "discrete", "evaluated", "sentence"),
    [
        (14, 16, True, "test", "A held-out observation costs 18.5 nats, and 14 of 16 latents carry it."),
        (1, 16, True, "test", "A held-out observation costs 18.5 nats, and 1 of 16 latents carries it."),
        (16, 16, True, "validation", "A validation observation costs 18.5 nats, and all 16 latents carry it."),
        (1, 1, True, "training", "A training observation costs 18.5 nats, and its one latent is active."),
        (
            2,
            3,
            False,
            "test",
            "The −log density of a held-out observation is 18.5 nats at most, and 2 of 3 latents carry it.",
        ),
        (
            0,
            16,
            True,
            "test",
            "A held-out observation costs 18.5 nats, and none of 16 latents carries it: the posterior collapsed.",
        ),
        (
            0,
            1,
            True,
            "test",
            "A held-out observation costs 18.5 nats, and the latent carries none of it: the posterior collapsed.",
        ),
    ],
)
def test_the_heading_is_the_finding(active, latents, discrete, evaluated, sentence):
    report = changed(
        elbo=Estimate(-18.4512, 0.2234),
        active_units=active,
        discrete=discrete,
        kl_per_dimension=(Estimate(1.0, 0.1),) * latents,
        mean_variance=(0.5,) * active + (0.001,) * (latents - active),
    )
    axes = (0, 0) if latents == 1 else (0, 1)
    report = replace(report, evaluated=evaluated, grid=replace(report.grid, axes=axes), means=np.zeros((5, latents)))
    assert heading(render_run(replace(report, labels=None))) == sentence


def test_a_collapsed_run_says_what_to_do():
    report = small_report("collapsed")
    page = Page(render_run(report))
    assert report.evaluation.active_units == 0
    assert page.text("collapsed") == report.evaluation.verdict
    assert "lower beta" in page.text("collapsed")
    assert "collapsed" not in Page(render_run(small_report("digits"))).ids


def test_the_objective_is_named_as_it_was_trained():
    assert lede(render_run(small_report("vectors"))).startswith("Trained on the negative ELBO (β = 1).")
    assert lede(render_run(small_report("collapsed"))).startswith(
        "Trained on NLL + β KL with β = 1000. All figures here are of the ELBO itself, β = 1."
    )
    warmed = small_report("digits")
    assert lede(render_run(warmed)).startswith(
        "Trained on the negative ELBO (β = 1), the KL's weight rising from 0 over the first 2 epochs."
    )
    cut = replace(warmed, history=warmed.history[:1])
    cut = configured(cut, result={"kept_epoch": None})
    reached = formatted(warmed.history[0]["beta"])
    assert f"when training ended it had reached {reached}." in lede(render_run(cut))
    assert 0 < warmed.history[0]["beta"] < 1


def test_the_cost_of_independent_coordinates_is_compared():
    report = changed(elbo=Estimate(-18.4512, 0.2234))
    assert "would cost 25.3 nats, 6.8 more." in lede(render_run(replace(report, independent=25.2951)))
    assert "would cost 17.3 nats, 1.2 less than this model." in lede(render_run(replace(report, independent=17.2951)))
    assert "Independent" not in lede(render_run(replace(report, independent=None)))


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (Estimate(-16.9, 0.3), "Training observations cost 16.9 nats: the model overfits by 1.60 ± 0.50 nats"),
        (Estimate(-18.1, 0.3), "a gap of 0.40 ± 0.50 nats, within two standard errors of none."),
        (Estimate(-20.5, 0.3), "a gap of −2.00 ± 0.50 nats, the held-out ones being the easier."),
    ],
)
def test_the_gap_to_training_observations_is_weighed_against_its_error(training, words):
    report = changed(elbo=Estimate(-18.5, 0.4))
    report = replace(report, training=replace(report.training, elbo=training))
    assert words in lede(render_run(report))


def test_overfitting_is_split_into_its_two_terms():
    report = changed(elbo=Estimate(-18.5, 0.1), reconstruction_nll=Estimate(11.0, 0.1), kl=Estimate(7.5, 0.1))
    training = replace(
        report.training,
        elbo=Estimate(-17.0, 0.1),
        reconstruction_nll=Estimate(9.25, 0.1),
        kl=Estimate(7.75, 0.1),
    )
    words = lede(render_run(replace(report, training=training)))
    assert "overfits by 1.50 ± 0.14 nats, 1.75 in the reconstruction and −0.25 in the KL." in words


def test_a_run_with_nothing_held_out_says_so():
    report = small_report("one epoch")
    page = Page(render_run(report))
    assert report.evaluated == "training"
    assert page.text("nothing-held-out").startswith("Nothing was held out: every figure is of observations")
    assert "overfits" not in page.all_text


def test_a_run_that_was_stopped_says_so():
    report = configured(small_report("digits"), result={"finished": False, "epochs": 3})
    words = Page(render_run(report)).text("unfinished")
    assert words.startswith("Not finished: training was stopped after epoch 3 of 8.")
    assert "unfinished" not in Page(render_run(small_report("digits"))).ids


def test_the_exact_evidence_and_its_distance_are_shown_where_known():
    report = changed(
        "vectors", elbo=Estimate(-16.52, 0.83), log_evidence=Estimate(-16.487, 0.83), likelihood="gaussian"
    )
    page = Page(render_run(report))
    assert page.text("key-evidence") == "−log p(x), exactly16.49 ± 0.83nats per observation, in closed form"
    assert "The −ELBO lies 0.0330 nats above the exact −log p(x)" in page.text("small-print")
    below = changed("vectors", elbo=Estimate(-16.4, 0.83), log_evidence=Estimate(-16.487, 0.83))
    assert "0.0870 nats below the exact −log p(x): by the Monte-Carlo" in Page(render_run(below)).text("small-print")


def test_a_density_is_said_to_depend_on_units_and_a_probability_is_not():
    assert "gaussian gives a density" in Page(render_run(small_report("vectors"))).text("small-print")
    assert "density" not in Page(render_run(small_report("digits"))).all_text


@pytest.mark.parametrize("name", SMALL)
def test_what_is_called_proved_is_what_the_audit_proved(name):
    report = small_report(name)
    words, proved = Page(render_run(report)).all_text, report.objective.verdict == "PROVED"
    assert proved == (name != "vectors")  # its NLL is integrated over the posterior, which is not read yet
    assert (f"The loss it minimised is {report.objective.finding}." in words) == proved
    assert ("By z3 and cvc5, each on its own, from 8 axioms" in words) == proved
    assert (f"nothing about the loss of this run. Its audit says: {report.objective.verdict}, " in words) != proved
    assert words.lower().count("certified") == 1


def test_what_is_tested_is_the_twin_of_this_likelihood():
    words = Page(render_run(small_report("digits"))).all_text
    assert "at most 10⁻⁶ of its size" in words
    assert "The binomial:16 NLL likewise, by at most 10⁻⁶" in words
    assert "The gaussian NLL likewise, by at most 2 × 10⁻⁶" in Page(render_run(small_report("vectors"))).all_text
    assert "NLL likewise" not in Page(render_run(changed(likelihood="laplace"))).all_text


def test_what_the_user_wrote_is_text():
    evil = '<script>alert("1")</script>&'
    report = small_report("digits")
    config = {**report.config, "command": evil, "vaelid": evil, "torch": evil}
    config["data"] = {**config["data"], "source": evil}
    config["model"] = {**config["model"], "arch": evil, "likelihood": evil}
    labels = np.where(report.labels == 0, "<b>", "ok")
    html = render_run(replace(changed(likelihood=evil), name=evil, config=config, labels=labels))
    page = Page(html)
    assert html.count("<script") == 2
    assert "<b>" not in svg(html, "map")
    assert page.text("again") == evil
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert page.all_text.count(evil) >= 5


def test_configuration_is_the_configs():
    words = Page(render_run(small_report("digits"))).all_text
    assert "500 rows of 1 × 8 × 8" in words
    assert "350 training, 50 validation, 100 test" in words
    assert "mlp, hidden widths: 32" in words
    assert "NLL + β KL, β = 1, warmed up over 2 epochs; mean over the batch" in words
    assert "Adam, learning rate 0.001" in words
    assert "falling to 0 along a cosine" in Page(render_run(small_report("colour"))).all_text
    assert "the NLL is integrated over the posterior" in Page(render_run(small_report("vectors"))).all_text
    assert "vaelid train data.npz" in words
    stopped = configured(
        small_report("digits"), recipe={"patience": 3, "epochs": 90}, result={"epochs": 8, "kept_epoch": 5}
    )
    assert "8 of 90, patience 3, which ran out" in Page(render_run(stopped)).all_text


def values_of(drawing: str, axis: str):
    """The map from a drawing's units to the values on its axis, read off two of its ticks."""
    if axis == "y":
        found = re.findall(r'd="M[\d.]+ ([\d.]+)H[\d.]+"/><text[^>]*>([^<]*)<', drawing)
    else:
        found = re.findall(r'class="grid" d="M([\d.]+) [\d.]+V[\d.]+"/><text[^>]*>([^<]*)<', drawing)
    at = [float(place) for place, _ in found]
    values = [float(name.replace("−", "-").replace(",", "")) for _, name in found]
    slope = (values[-1] - values[0]) / (at[-1] - at[0])
    return lambda place: values[0] + slope * (place - at[0]), abs(slope)


@pytest.mark.parametrize("name", ["digits", "vectors", "colour"])
@pytest.mark.parametrize(("identity", "term"), [("curve-nll", "reconstruction_nll"), ("curve-kl", "kl")])
def test_the_curves_are_the_training_log(name, identity, term):
    report = small_report(name)
    drawing = svg(render_run(report), identity)
    value, unit = values_of(drawing, "y")
    for kind, part in (("curve", "training"), ("curve main", "validation")):
        path = re.search(rf'class="{kind}" d="([^"]*)"', drawing).group(1)
        heights = [float(pair.split()[1]) for pair in re.split("[ML]", path)[1:]]
        expected = [record[part][term] for record in report.history]
        assert [value(h) for h in heights] == pytest.approx(expected, abs=0.11 * unit)
        places = [float(pair.split()[0]) for pair in re.split("[ML]", path)[1:]]
        zero = float(re.search(r'<text x="([\d.]+)" y="232" text-anchor="middle">0<', drawing).group(1))
        last = float(re.search(r'<text x="([\d.]+)" y="232" text-anchor="end">\d+ epochs<', drawing).group(1))
        assert places == pytest.approx(np.linspace(zero, last, len(expected) + 1)[1:], abs=0.11)
    kept = report.config["result"]["kept_epoch"]
    ring = float(re.search(r'class="ring" cx="[\d.]+" cy="([\d.]+)"', drawing).group(1))
    assert value(ring) == pytest.approx(report.history[kept - 1]["validation"][term], abs=0.11 * unit)


def test_without_validation_there_is_one_solid_curve_and_no_ring():
    drawing = svg(render_run(small_report("one epoch")), "curve-nll")
    assert "validation" not in drawing
    assert "ring" not in drawing
    assert drawing.count("<circle") == 1  # one epoch is a point, not a line


def test_early_epochs_far_outside_do_not_squeeze_the_rest():
    values = (1e6, 1e3, *np.linspace(30, 20, 28))
    curve = Curve("training", values, main=True)
    low, high = frame_of([curve])
    assert 18 < low < 20 < 30 < high < 50
    assert outside([curve]) == 2
    near = Curve("training", (35.0, *np.linspace(30, 20, 29)), main=True)
    assert frame_of([near])[1] > 35
    assert outside([near]) == 0


@pytest.mark.parametrize("values", [(5.0,), (5.0, 5.0), (0.0, 0.0), (-3.0,), (1e-9, 2e-9)])
def test_a_frame_has_room_round_any_values(values):
    low, high = frame_of([Curve("training", values, main=True)])
    assert low <= min(values) <= max(values) < high
    assert low >= 0 or min(values) < 0


def test_values_that_are_not_finite_are_left_out_and_counted():
    report = small_report("digits")
    broken = [{**record, "validation": {**record["validation"]}} for record in report.history]
    broken[3]["validation"]["kl"] = math.inf
    html = render_run(replace(report, history=tuple(broken)))
    path = re.search(r'class="curve main" d="([^"]*)"', svg(html, "curve-kl")).group(1)
    assert path.count("M") == 2
    assert path.count("L") == len(broken) - 3
    assert "1 epoch lies outside a frame." in Page(html).all_text


def test_bars_are_the_kl_sorted_and_inactive_ones_are_outlined():
    report = small_report("digits")
    drawing = svg(render_run(report), "kl-bars")
    value, unit = values_of(drawing, "x")
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawing)
    means = [estimate.mean for estimate in report.evaluation.kl_per_dimension]
    order = sorted(range(len(means)), key=lambda index: -means[index])
    for (kind, left, width), index in zip(bars, order, strict=True):
        shown = value(float(left) + float(width))
        assert shown == pytest.approx(means[index], abs=1.1 * unit)
        assert kind == ("used" if report.evaluation.mean_variance[index] > 0.01 else "unused")
    assert drawing.count("inactive") == len(means) - report.evaluation.active_units


def test_of_many_latents_the_forty_greatest_are_drawn_and_the_rest_are_counted():
    report = small_report("one epoch")
    html = render_run(report)
    means = sorted((estimate.mean for estimate in report.evaluation.kl_per_dimension), reverse=True)
    assert svg(html, "kl-bars").count("<rect") == 40
    rest = re.search(r"5 coordinates more, none above ([\d.]+) nats and ([\d.]+) together, are left out", html)
    assert float(rest.group(1)) == pytest.approx(means[40], abs=0.006)
    assert float(rest.group(2)) == pytest.approx(sum(means[40:]), abs=0.006)


def test_the_noise_of_a_collapsed_code_does_not_look_like_bars():
    report = small_report("collapsed")
    drawing = svg(render_run(report), "kl-bars")
    widths = [float(width) for width in re.findall(r'<rect[^>]*width="([\d.]+)"', drawing)]
    assert max(estimate.mean for estimate in report.evaluation.kl_per_dimension) < 0.01
    assert max(widths) < 31


def picture(page: Page, index: int) -> np.ndarray:
    uris = [found["src"] for tag, found in page.tags if tag == "img"]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uris[index].partition(",")[2]))))


def test_images_hold_the_data_as_ink():
    report = small_report("digits")
    page = Page(render_run(report))
    originals = picture(page, 1)  # after the plane of the walk
    assert originals.shape[0] == 8
    assert (originals[..., :3] == 0).all()
    first = report.pictures.originals[0, 0]
    assert np.abs(originals[:, :8, 3] - first / 16 * 255).max() <= 0.5
    reconstructed = picture(page, 2)
    expected = np.clip(report.pictures.reconstructions[3, 0] / 16 * 255, 0, 255)
    assert np.abs(reconstructed[:, 30:38, 3] - expected).max() <= 0.5


def test_images_hold_the_data_as_colours():
    report = small_report("colour")
    pictures = report.pictures
    sheet = picture(Page(render_run(report)), 1)
    expected = (pictures.originals[0] - pictures.low) / (pictures.high - pictures.low) * 255
    assert np.abs(sheet[:, :12, :3] - np.clip(expected, 0, 255).transpose(1, 2, 0)).max() <= 0.5
    assert (sheet[:, :12, 3] == 255).all()
    assert (sheet[:, 12:14, 3] == 0).all()


def test_vectors_are_drawn_as_lines():
    report = small_report("vectors")
    pictures = report.pictures
    html = render_run(report)
    path = re.search(r'class="line data" d="M0 (\d+)((?:l1 -?\d+)*)"', html[html.index('id="pictures"') :])
    heights = np.cumsum([int(path.group(1)), *(int(step) for step in re.findall(r"l1 (-?\d+)", path.group(2)))])
    expected = 255 - (pictures.originals[0] - pictures.low) / (pictures.high - pictures.low) * 255
    assert np.abs(heights - np.clip(expected, 0, 255)).max() <= 0.5


def test_the_pictures_say_by_what_rule_they_were_taken():
    assert (
        "Not chosen. The first test observation of each class, with one draw z"
        in Page(render_run(small_report("digits"))).all_text
    )
    assert "The first 10 training observations, with one draw z" in Page(render_run(small_report("one epoch"))).all_text
    pictures = small_report("digits").pictures
    low, high = formatted(float(pictures.nll.min()), 1), formatted(float(pictures.nll.max()), 1)
    assert f"reconstructed: NLL {low} to {high} nats each" in Page(render_run(small_report("digits"))).all_text
    assert "most probable class" in Page(render_run(changed(likelihood="categorical:17"))).all_text


def test_a_decoded_value_that_is_not_a_number_is_reported():
    report = small_report("digits")
    images = report.grid.images.copy()
    images[0, 0, 0, 0, :3] = math.nan
    with pytest.raises(DivergenceError, match=r"^3 of 40000 decoded values are not numbers, so the report cannot draw"):
        render_run(replace(report, grid=replace(report.grid, images=images)))


def walk_data(report) -> dict:
    return json.loads(re.search(r'id="walk-data">(.*?)</script>', render_run(report)).group(1))


def test_the_walk_carries_the_grid_as_bytes():
    report = small_report("digits")
    walk, pictures = walk_data(report), report.pictures
    grid = np.frombuffer(base64.b64decode(walk["grid"]), dtype=np.uint8).reshape(report.grid.images.shape)
    expected = (report.grid.images - pictures.low) / (pictures.high - pictures.low) * 255
    assert walk["nodes"] == [25, 25]
    assert walk["obs"] == [1, 8, 8]
    assert np.abs(grid - np.clip(expected, 0, 255)).max() <= 0.5


def test_one_latent_is_walked_along_the_diagonal():
    report = small_report("line")
    assert report.grid.axes == (0, 0)
    walk, pictures = walk_data(report), report.pictures
    assert walk["nodes"] == [25, 1]
    line = np.frombuffer(base64.b64decode(walk["grid"]), dtype=np.uint8).reshape(25, 64)
    diagonal = report.grid.images[np.arange(25), np.arange(25)].reshape(25, 64)
    expected = (diagonal - pictures.low) / (pictures.high - pictures.low) * 255
    assert np.abs(line - np.clip(expected, 0, 255)).max() <= 0.5


def test_a_grid_too_large_for_a_page_is_thinned_and_keeps_its_ends():
    report = small_report("digits")
    images = np.random.default_rng(0).uniform(0, 16, (25, 25, 1, 60, 60)).astype(np.float32)
    config = {**report.config, "model": {**report.config["model"], "obs": [1, 60, 60]}}
    pictures = replace(
        report.pictures, originals=images[0, :10], reconstructions=images[1, :10], samples=images[2, :10]
    )
    large = replace(report, config=config, pictures=pictures, grid=replace(report.grid, images=images))
    walk = walk_data(large)
    grid = np.frombuffer(base64.b64decode(walk["grid"]), dtype=np.uint8).reshape(13, 13, 60, 60)
    scale = 255 / (pictures.high - pictures.low)
    assert np.abs(grid[12, 0] - np.clip((images[24, 0, 0] - pictures.low) * scale, 0, 255)).max() <= 0.5


def test_the_marks_lie_at_the_posterior_means():
    report = small_report("digits")
    drawing = svg(render_run(report), "map")
    sigma = float(re.search(r'class="prior" cx="240" cy="240" r="([\d.]+)"', drawing).group(1))
    marks = re.findall(r'<text class="d c(\d+)" x="(-?\d+)" y="(-?\d+)">(\d)</text>', drawing)
    first, second = (report.means[:, axis] for axis in report.grid.axes)
    inside = (np.abs(first) <= 3.2) & (np.abs(second) <= 3.2)
    assert len(marks) == inside.sum()
    for (kind, x, y, mark), a, b, label in zip(
        marks, first[inside], second[inside], report.labels[inside], strict=True
    ):
        assert int(kind) == int(mark) == label
        assert (int(x) - 240) / sigma == pytest.approx(a, abs=0.6 / sigma + 0.01)
        assert (240 - (int(y) - 5)) / sigma == pytest.approx(b, abs=1.1 / sigma + 0.01)
    assert ("outside the map" in drawing) is False


def test_means_outside_the_map_and_beyond_the_first_600_are_counted():
    report = small_report("digits")
    means = np.zeros((700, 6))
    means[:3] = 9.0
    html = render_run(replace(report, means=means, labels=None))
    assert "The first 600 of 700 are shown. 3 lie outside the map." in html
    assert svg(html, "map").count('class="d dot"') == 597


@pytest.mark.parametrize(
    ("labels", "buttons", "first"),
    [
        ([0, 1, 2, 1], ["0", "1", "2"], "0"),
        ([0.0, 1.0, 0.0, 1.0], ["0", "1"], "0"),
        (["setosa", "virginica", "setosa", "virginica"], ["0 setosa", "1 virginica"], "0"),
        (list(range(13)), [], "0"),
        ([f"species {i}" for i in range(13)], [], None),
    ],
)
def test_classes_are_written_where_they_are_short_and_filtered_where_they_are_few(labels, buttons, first):
    report = replace(small_report("digits"), labels=np.array(labels), means=np.zeros((len(labels), 6)))
    html = render_run(report)
    found = [re.sub("<[^>]+>", "", words) for words in re.findall(r"<button[^>]*>(.*?)</button>", html)]
    marks = re.findall(r'<text class="d[^"]*"[^>]*>([^<]*)<', svg(html, "map"))
    assert found == buttons
    assert marks[:1] == ([] if first is None else [first])
    assert ("drawn as its class" in html) is (first is not None)


def test_a_number_too_small_to_show_is_said_to_be_smaller():
    assert with_error(Estimate(3e-9, 1e-9)) == ("< 0.000001", "")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (16.2, 24.3, [18, 20, 22, 24]), (0.0, 0.004, [0, 0.001, 0.002, 0.003, 0.004])],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_names_in_the_page_carry_nothing_that_a_terminal_obeys():
    report = small_report("digits")
    data = report.config["data"] | {"source": "/d/\x1b[2Jx\u202e.npy"}
    html = render_run(replace(report, config=report.config | {"data": data, "command": "vaelid train '\x1b.npy'"}))
    assert "/d/\\x1b[2Jx\\u202e.npy" in html
    assert "train &#x27;\\x1b.npy" in html
    assert "\x1b" not in html
