"""The command `theorems`."""

import time
from pathlib import Path

import click

from vaelid.interface.cli.options import as_json, debug, print_json

__all__ = ["theorems"]

FAILED = 1


@click.command()
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Prove everything anew with both solvers; exit status 1 if one fails.")
@click.option("--rocq", is_flag=True, help="With --check: build and re-check the Rocq development too.")
@click.option("--latex", is_flag=True, help="Print statements as LaTeX.")
@click.option(
    "--emit-rocq",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write the spec's definitions as a Rocq file; into the folder of the proofs, all that is emitted.",
)
@as_json
@debug
def theorems(name: str | None, check: bool, rocq: bool, latex: bool, emit_rocq: Path | None, as_json: bool) -> int:
    """Read and re-check the theorems: all, or the one called NAME.

    For instance: vaelid theorems kl_loss_nonneg
    """
    if emit_rocq is not None:
        return _emit(emit_rocq, as_json)
    from vaelid.interface.theorems import as_data, as_page, as_table, find_result
    from vaelid.theory.library import LIBRARY

    chosen = [find_result(name)] if name else list(LIBRARY.values())
    if rocq and not check:
        raise click.UsageError("--rocq goes with --check.", click.get_current_context())
    status = _check(tell=not as_json) if check else 0
    if rocq:
        status = max(status, _check_rocq(tell=not as_json))
    if as_json:
        data = [as_data(result) for result in chosen]
        print_json(data[0] if name else data)
    elif name:
        click.echo("\n".join(as_page(chosen[0], with_latex=latex)))
    elif latex:
        from vaelid.readings.terms.latex import latex as written

        click.echo("\n".join(f"% {r.name}\n{written(r.statement)}" for r in chosen if r.statement is not None))
    elif not check:
        click.echo("\n".join(as_table()))
    return status


def _emit(path: Path, as_json: bool) -> int:
    from vaelid.interface.development import kept_texts
    from vaelid.interface.files import check_outside_runs, write_atomically
    from vaelid.theory.emission import definitions_file, emitted_files

    check_outside_runs(path, "--emit-rocq")
    texts = (
        {path / name: text for name, text in emitted_files(kept_texts(path)).items()}
        if path.is_dir()
        else {path: definitions_file()}
    )
    for file, text in texts.items():
        write_atomically(file, text.encode())
    if as_json:
        print_json({"files": [str(file) for file in texts]})
    else:
        click.echo("\n".join(f"{file}: {len(text.splitlines())} lines" for file, text in texts.items()))
    return 0


def _check(*, tell: bool) -> int:
    """Prove the library anew; say which results failed, and how many there are of each status."""
    from vaelid.theory.check import check_library, obligations
    from vaelid.theory.library import LIBRARY
    from vaelid.theory.solvers import solver_versions

    versions = solver_versions()
    start = time.perf_counter()
    checked = list(check_library())
    seconds = time.perf_counter() - start
    for found in checked:
        if found.failure:
            click.echo(f"FAILED  {found.result.name}: {found.failure}", err=True)
    failed = sum(found.theorem is None for found in checked)
    if tell:
        proved = [found.theorem for found in checked if found.theorem is not None]
        asked = sum(map(obligations, proved))
        axioms = sorted(frozenset().union(*(theorem.axioms for theorem in proved)))
        elsewhere = [result.status for result in LIBRARY.values() if result.prove is None]
        both = " and ".join(f"{solver} {version}" for solver, version in versions.items())
        click.echo(f"{len(proved)} theorems proved by {both}, {asked} obligations, in {seconds:.2f} s")
        click.echo(f"axioms: {', '.join(axioms)}")
        click.echo(
            f"{elsewhere.count('rocq')} more are stated here and proved in Rocq; {elsewhere.count('open')} are open"
        )
    return FAILED if failed else 0


def _check_rocq(*, tell: bool) -> int:
    """Build and re-check the Rocq development; say of each theorem that Rocq proves it, and what is wrong."""
    from vaelid.interface.development import check_development
    from vaelid.theory.library import LIBRARY

    found = check_development(progress=lambda message: click.echo(message, err=True))
    for check, problems in found["problems"].items():
        for problem in problems:
            click.echo(f"FAILED  {check}: {problem}", err=True)
    theorems = found["theorems"]
    absent = [result.rocq for result in LIBRARY.values() if result.rocq and result.rocq not in theorems]
    for name in absent if found["checked"] else []:
        click.echo(f"FAILED  {name}: no theorem of this name in proofs/Theorems.v", err=True)
    if tell and found["checked"]:
        for name, about in theorems.items():
            click.echo(f"  {name}  [proofs/{about['rocq']}; {about['rests_on']}]")
        click.echo(f"{len(theorems)} theorems proved by Rocq, and re-checked by coqchk")
    return FAILED if absent or not found["checked"] else 0
