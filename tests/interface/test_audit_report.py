"""An audit as SARIF and as a page, and what is said of numbers and lines."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.interface.browser import chromium_browser, opened
from tests.interface.sample_audits import NOISE_LINE, STD_LINE, proved, refuted, written

from vaelid.auditor import Claim, Report, Witness
from vaelid.interface.audit.code import panels
from vaelid.interface.audit.page import render_audit
from vaelid.interface.audit.parts import formula, prose, sentence
from vaelid.interface.audit.sarif import sarif
from vaelid.interface.audit.words import interval

chromium = chromium_browser


@pytest.fixture
def file(folder):
    return written(folder)


def results(report: Report) -> list:
    return sarif(report)["runs"][0]["results"]


def test_sarif_has_one_result_for_each_claim_that_is_not_proved(file):
    found = results(refuted(file))
    assert [(r["ruleId"], r["kind"], r["level"]) for r in found] == [
        ("vaelid/std-variance", "fail", "error"),
        ("vaelid/objective", "fail", "error"),
        ("vaelid/evaluation", "open", "none"),
    ]
    location = found[0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "model.py", "uriBaseId": "%SRCROOT%"}
    assert location["region"] == {"startLine": STD_LINE}
    assert found[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": STD_LINE - 1}  # the function's own
    assert "At mu = 0, logvar = 1 it gives −0.175639364650 ±" in found[0]["message"]["text"]
    assert "Use one convention in sampler and KL." in found[0]["message"]["text"]
    other = Report("t", "OTHER", "free bits", "s", claims=(Claim("divergence", "OTHER", "free bits"),))
    assert [(r["kind"], r["level"], r["locations"]) for r in results(other)] == [("review", "none", [])]


def test_sarif_keeps_the_rules_of_its_standard(file):
    """What SARIF 2.1.0 asks of the objects that are used here, sections 3.13, 3.14, 3.19, 3.27, 3.29, 3.30, 3.49."""
    log = sarif(refuted(file))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) <= {"tool", "invocations", "originalUriBaseIds", "results", "properties"}
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "vaelid"
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["shortDescription"]["text"] for rule in rules)
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"].endswith("/")
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["kind"] in ("pass", "open", "informational", "notApplicable", "review", "fail")
        assert result["kind"] == "fail" or result["level"] == "none"
        for location in result["locations"]:
            assert location["physicalLocation"]["region"]["startLine"] >= 1
            assert "\\" not in location["physicalLocation"]["artifactLocation"]["uri"]


def test_files_elsewhere_and_with_spaces_are_uris(file, tmp_path_factory):
    elsewhere = written(tmp_path_factory.mktemp("a b"))
    near = written(file.parent, "my model.py")
    uris = [
        results(Report("t", "REFUTED", "", "s", claims=(Claim("objective", "REFUTED", "r", source=f"{path}:3"),)))[0][
            "locations"
        ][0]["physicalLocation"]["artifactLocation"]
        for path in (elsewhere, near)
    ]
    assert uris == [{"uri": elsewhere.as_uri()}, {"uri": "my%20model.py", "uriBaseId": "%SRCROOT%"}]


class Checked(HTMLParser):
    """Elements that are opened and closed in order, and what is loaded from outside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.outside, self.identities = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.outside += [v for k, v in attrs if k in ("src", "href") and not v.startswith(("data:", "#"))]
        self.identities += [values["id"]] if "id" in values else []
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Drawings close themselves."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def plain(page: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S).split())


@pytest.mark.parametrize("report", [refuted, proved], ids=["refuted", "proved"])
def test_the_page_is_one_well_formed_file_that_loads_nothing(report, file):
    page = render_audit(report(file), "vaelid audit model.py:step --html a.html")
    checked = Checked(page)
    assert (checked.open, checked.outside) == ([], [])
    assert len(set(checked.identities)) == len(checked.identities)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "Again: vaelid audit model.py:step --html a.html" in plain(page)


def test_the_page_of_a_refuted_loss_shows_the_line_the_formulas_the_witness_and_the_mend(file):
    page = render_audit(refuted(file))
    assert re.findall("<h1>(.*?)</h1>", page) == [refuted(file).summary]
    assert f'<span class="l bad"><i>{STD_LINE}</i>    std = torch.exp(0.5 * logvar)</span>' in page
    assert f'<span class="l good"><i>{NOISE_LINE}</i>' in page
    assert page.index('class="l bad"') < page.index('class="l good"')
    assert "(exp(logvar<sub>i</sub> / 2) + mu<sub>i</sub>² − 1 − logvar<sub>i</sub>) / 2" in page
    words = plain(page)
    for said in (
        "REFUTED line 5 computes Σ i&lt;L",
        "the KL to N(0, I) is ½ Σ (σ² + μ² − 1 − log σ²)",
        "At logvar = 1 it adds −0.175639 ± 3.65 × 10⁻⁷ &lt;nats&gt;. Use one convention in sampler and KL.",
        "✕ the code gives −0.175639364650 ± 6.41 × 10⁻¹⁴ ■ expected 0.359140914230 ± 4.78 × 10⁻¹³",
        "A standard deviation taken for a variance , model.py, line 5.",
        "evaluation UNKNOWN No evaluation step was given.",
        "Not examined: reconstruction.",
        "torch.randn_like draws N(0, 1).",
        "B = 13, D = 64 0.4 s, exit status 1",
    ):
        assert said in words
    assert 'aria-label="computed −0.1756, expected 0.3591"' in page


def test_the_page_of_a_proved_loss_shows_beta_and_warns_of_the_evaluation(file):
    words = plain(render_audit(proved(file)))
    for said in (
        "PROVED This loss is a β-ELBO, and its β is 4, not 1. Learn the variance.",
        "Evaluation is refuted: It decodes mu",
        "β, the KL’s weight 4 D / (2 L), at B = 13, D = 64, L = 8",
        "variance at which β is 1 4 σ = 2",
        "KL to N(0, I). Weight: 1 / L.",
    ):
        assert said in words


def test_what_the_user_wrote_is_text_and_not_html(file):
    file.write_text("def f(x):\n    return x < 1 & '<script>'\n")
    claim = Claim("objective", "UNKNOWN", "<b>&", formula="<i>", source=f"{file}:2")
    page = render_audit(Report("<x>", "UNKNOWN", "?", "<script>1</script>", claims=(claim,), source=f"{file}:1"), "<c>")
    assert "<script" not in page
    assert "x &lt; 1 &amp; &#x27;&lt;script&gt;&#x27;" in page
    Checked(page)


@pytest.mark.parametrize(
    ("name", "words"),
    [("examination", "The numbers are those of runs, rounded."), ("sampler", "Both numbers are exact.")],
)
def test_numbers_of_runs_are_not_called_exact(name, words, file):
    claim = Claim(name, "REFUTED", "two seeds give one loss.", witness=Witness({}, "0.645140723", "0", "the slope"))
    report = Report("m:f", "REFUTED", "?", "It is none.", claims=(claim,), source=f"{file}:1")
    assert f"The slope. {words}" in plain(render_audit(report))


def test_a_page_without_lines_or_numbers_is_whole(file):
    page = render_audit(Report("m:f", "UNKNOWN", "?", "Nothing was read.", source="/no/such/file.py:3"))
    Checked(page)
    assert "Not examined: sampler, divergence" in page


def test_a_long_summary_becomes_a_heading_of_what_and_where(file):
    long = replace(refuted(file), summary="This loss is not the ELBO: " + "no weight and no constant make it one " * 4)
    page = render_audit(long)
    assert re.findall("<h1>(.*?)</h1>", page) == [
        f"This loss is not the ELBO: a standard deviation taken for a variance, line {STD_LINE}."
    ]
    assert '<p class="lede">No weight and no constant' in page


def test_long_functions_are_cut_around_the_marks(folder):
    file = written(folder, "long.py", "def f():\n" + "".join(f"    x{n} = {n}\n" for n in range(200)))
    (panel,) = panels([(str(file), 150, "bad"), (str(file), 1, "")])
    assert {1, 7, 144, 150, 156} <= set(panel.lines)
    assert not {8, 143, 157} & set(panel.lines)
    assert panel.marks == {150: "bad"}
    assert panel.html().count("⋮") == 1


def test_words():
    assert interval("[-0.175639 +/- 3.65e-7]") == "−0.175639 ± 3.65 × 10⁻⁷"
    assert interval("[1.5 +/- 0.2]") == "1.5 ± 0.2"
    assert interval("-2.00") == "−2.00"
    assert prose("`a<b` is [1 +/- 2e-3]") == "<code>a&lt;b</code> is 1 ± 2 × 10⁻³"
    assert [sentence(words) for words in ("it is so", "mu = 1 here.", "z is", "β grows")] == [
        *("It is so.", "mu = 1 here.", "z is.", "β grows.")
    ]
    assert formula("Σ_{i<B} mu[i, j + 8]") == '<p class="formula">Σ<sub>i&lt;B</sub> mu<sub>i,j + 8</sub></p>'


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_pages_have_no_sideways_scroll_and_no_complaint(chromium, file, width):
    for report in (refuted, proved):
        with opened(chromium, render_audit(report(file)), file.parent, width=width) as page:
            assert page.page.evaluate("document.documentElement.scrollWidth") <= width
            cut = "[...document.querySelectorAll('.code .l')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
            assert page.page.evaluate(cut) == 0
            assert page.complaints == []
            assert all(url.startswith(("file:", "data:")) for url in page.requests)
