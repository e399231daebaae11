"""Names that no file can be written to, and times that nobody can wait for: 64 and one message, before any work."""

import pytest

AUDIT = ("audit", "model.py:kl")
EMPTY = "the file's name is empty. See: vaelid {} --help"


@pytest.mark.parametrize("name", [".", "/", "d"])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        (AUDIT, "--html"),
        (AUDIT, "--rocq"),
        (("report", "run"), "--out"),
        (("sample", "run"), "--out"),
    ],
)
def test_a_folder_is_no_file_to_write(command, option, name, refused, folder):
    (folder / "d").mkdir()
    refused(
        *(*command, option, name),
        says=f"Invalid value for '{option}': '{name}' is a folder: expected a file's name. "
        f"See: vaelid {command[0]} --help",
    )


@pytest.mark.parametrize(("command", "option"), [(AUDIT, "--html"), (AUDIT, "--rocq"), (("report", "run"), "--out")])
def test_an_empty_name_is_none(command, option, refused):
    refused(*command, option, "", says=f"Invalid value for '{option}': {EMPTY.format(command[0])}")


@pytest.mark.parametrize("other", ["p", "./p", "d/../p"])
def test_no_output_is_written_over_the_other(other, refused, folder):
    (folder / "d").mkdir()
    refused(
        *(*AUDIT, "--html", "p", "--rocq", other),
        says="--html and --rocq are both p: choose another. See: vaelid audit --help",
    )


@pytest.mark.parametrize("limit", ["inf", "1e308", "nan", "0", "-1", "31536001", "soon"])
def test_a_time_limit_that_cannot_be_waited_for_is_wrong_usage(limit, refused):
    refused(
        *(*AUDIT, "--time-limit", limit),
        says=f"Invalid value for '--time-limit': {limit} is no number of seconds above 0 and of at most 31,536,000, a "
        "year. See: vaelid audit --help",
    )
