"""The commands of `vaelid`."""

import click

from vaelid.interface.cli.audit import audit
from vaelid.interface.cli.results import encode, evaluate, reconstruct, report, sample
from vaelid.interface.cli.theory import theorems
from vaelid.interface.cli.training import demo, train

__all__ = ["vaelid"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vaelid", prog_name="vaelid")
def vaelid() -> None:
    """Train, examine and audit variational autoencoders, in nats.

    DATA is one of: digits (bundled), a .npy, .npz, .csv or .parquet file, a folder of images, module:callable.
    RUN is a folder that `vaelid train` made.

    Exit status: 0 done; 1 a check failed, or training diverged; 2 undecided; 3 another objective (audit); 64 wrong
    usage or bad input; 70 your own code raised; 71 vaelid itself failed; 130 interrupted.
    """


for command in (demo, train, evaluate, encode, reconstruct, sample, report, audit, theorems):
    vaelid.add_command(command)
