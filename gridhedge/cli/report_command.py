"""``gridhedge report``: profit, fees, funding and drawdown from the ledger."""

from __future__ import annotations

import io
import json
from pathlib import Path

import click

from gridhedge.cli.accounts import one_account
from gridhedge.cli.options import account_option, check_folder, data_option, json_option, moment, write_result
from gridhedge.domain.errors import UsageError
from gridhedge.report.rows import Rows, read_ledger
from gridhedge.report.summary import summarise
from gridhedge.store.rows import open_reader


@click.command("report")
@account_option
@click.option("--since", help="First day or time, UTC: 2025-05-04 or 2025-05-04T12:00.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write every execution there.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write a page with charts there.")
@json_option
@data_option
def command(
    account: str | None,
    since: str | None,
    csv_file: Path | None,
    html_file: Path | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Show what an account has earned and paid, by day, symbol, side and role."""
    for target in (csv_file, html_file):
        if target is not None:
            check_folder(target)
    name = one_account(data_dir, account)
    summary = summarise(
        _rows(data_dir / name / "ledger.sqlite3", name), 0 if since is None else moment("--since", since)
    )
    if csv_file is not None:
        from gridhedge.report.csv import write_csv

        text = io.StringIO(newline="")
        write_csv(summary.trades, text)
        write_result(csv_file, text.getvalue())
    if html_file is not None:
        from gridhedge.report.html import report_html

        write_result(html_file, report_html(summary, f"gridhedge, account {name}"))
    if as_json:
        from gridhedge.report.tables import as_dict

        click.echo(json.dumps(as_dict(summary), indent=1))
        return
    from gridhedge.cli.terminal import Terminal
    from gridhedge.report.tables import tables

    console = Terminal()
    for table in tables(summary):
        console.print(table)


def _rows(path: Path, account: str) -> Rows:
    if not path.exists():
        raise UsageError(f"{path}: there is no ledger yet")
    with open_reader(path) as reader:
        return read_ledger(reader, account)
