"""Fetch real data sets from their sources or a local mirror; a file is kept only if every byte is right.

    uv run data/real/get.py list

    uv run data/real/get.py get form4 --contact "Your Name you@example.com"

KIT_DATA_MIRROR names a folder that is read instead of the network. The page NAME.md says what a set holds.
"""

from __future__ import annotations

import csv
import logging
import os
import re
import shutil
import sys
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import platformdirs
import pooch
import requests
import typer
from rich.markup import escape

from kit.project import read_env_file
from kit.workshop.console import failing, say

HERE = Path(__file__).parent
SETS = tomllib.loads((HERE / "sets.toml").read_text(encoding="utf-8"))
HOME = platformdirs.user_cache_path("dspy-workshop-kit") / "data"
PATIENCE_SECONDS, EDGAR_PAUSE_SECONDS = 30, 0.15
ADDRESS = re.compile(r"(<(rptOwner(?:Street1|Street2|City|ZipCode))>)[^<]+(</\2>)")
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)
app.callback()(read_env_file)
Name = Annotated[str, typer.Argument(help="A name from `list`.")]
Contact = Annotated[str, typer.Option(help="Name and e-mail address, for EDGAR. Or set KIT_EDGAR_CONTACT.")]


class NoData(OSError):
    """A set or a file cannot be had; the message says why and what to do."""


@app.command("list")
def show() -> None:
    """Show the sets with their size and licence, and which are here."""
    for name in SETS:
        missing = any(file["url"] and not is_here(name, file) for file in files(name))
        place = f"not here: uv run data/real/get.py get {name}" if missing else HOME / name
        say(f"[bold]{name}[/] · {escape(about(name))}\n    {place}")


@app.command("get")
def get(name: Name, contact: Contact = "") -> None:
    """Fetch a set, every file checked by its sha256; what was fetched before is kept."""
    with failing(OSError, ValueError, again=f"uv run data/real/get.py get {name}"):
        say(f"{escape(about(name))}\nfrom {mirror() or SETS[name]['source']} to {HOME / name}")
        say(f"{fetch(name, contact, progress=sys.stderr.isatty())} is here and verified.")


def fetch(name: str, contact: str = "", *, progress: bool = False) -> Path:
    """Return the folder of a set, after fetching what is missing; NoData if a file cannot be had."""
    source = mirror()
    known = [file for file in files(name) if file["url"] or (source and at(source, name, file).exists())]
    missing = [file for file in known if not is_here(name, file)]
    asks_edgar = "edgar" in SETS[name] and not source
    headers = edgar_headers(contact) if asks_edgar and missing else {}
    options = {"progressbar": progress, "headers": headers, "timeout": PATIENCE_SECONDS}

    def download(file: dict[str, str], url: str, to: str, _: None) -> None:
        if source:
            shutil.copyfile(at(source, name, file), to)
        else:
            pooch.HTTPDownloader(**options)(url, to, None)
            time.sleep(EDGAR_PAUSE_SECONDS if asks_edgar else 0)
        if "edgar" in SETS[name] and file["path"].endswith(".xml"):
            original = Path(to).read_text(encoding="utf-8", errors="replace")
            Path(to).write_text(ownership(original), encoding="utf-8", newline="")

    pooch.get_logger().setLevel(logging.WARNING)
    for file in missing:
        try:  # pooch checks the hash, and puts a file into its place only if it is right
            url, digest, place = file["url"], file["sha256"], {"fname": file["path"], "path": HOME / name}
            pooch.retrieve(url, f"sha256:{digest}", **place, downloader=partial(download, file))
        except requests.RequestException as error:
            raise NoData(
                f"{file['url']} cannot be reached ({type(error).__name__}: {str(error)[:200]}). "
                "Try again on a network, or set KIT_DATA_MIRROR to a folder that has it."
            ) from error
        except ValueError as error:  # from pooch, with both hashes
            raise NoData(
                f"{file['path']} of {name} is not the file that is known here: {error} "
                "Compare the source that data/real/sets.toml names, then try again."
            ) from error
        except FileNotFoundError as error:
            lacking = f"The mirror has no {SETS[name]['mirror']}/{file['path']}."
            raise NoData(f"{lacking} Unset KIT_DATA_MIRROR to use the network.") from error
    return HOME / name


def mirror() -> Path | None:
    """Return the folder that KIT_DATA_MIRROR names, or None."""
    named = os.environ.get("KIT_DATA_MIRROR")
    if named and not Path(named).expanduser().is_dir():
        raise NoData(f"KIT_DATA_MIRROR names {named}, which is not a folder. Name one, or unset it.")
    return Path(named).expanduser().absolute() if named else None


def at(source: Path, name: str, file: dict[str, str]) -> Path:
    """Return the place of a file in a mirror."""
    return source / SETS[name]["mirror"] / file["path"]


def files(name: str) -> list[dict[str, str]]:
    """Return the files of a set: path, bytes, sha256 and url; without url, only a mirror has the file."""
    if name not in SETS:
        raise ValueError(f"Unknown data set {name!r}. Valid names: {', '.join(SETS)}.")
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def is_here(name: str, file: dict[str, str]) -> bool:
    """Say whether this machine has a file, and every byte of it is right."""
    path = HOME / name / file["path"]
    return path.is_file() and pooch.file_hash(path) == file["sha256"]


def about(name: str) -> str:
    """Say what a set is, how large, and under which licence."""
    size = sum(int(file["bytes"]) for file in files(name)) / 1e6
    return f"{SETS[name]['what']}; {len(files(name))} files, {size:.1f} MB; licence: {SETS[name]['licence']}"


def edgar_headers(contact: str) -> dict[str, str]:
    """Return the header that EDGAR asks for, a name and an e-mail address; without them it is not asked.

    Source, also for ten requests a second at most:
        https://www.sec.gov/search-filings/edgar-search-assistance/accessing-edgar-data
    """
    contact = (contact or os.environ.get("KIT_EDGAR_CONTACT", "")).strip()
    if not re.search(r"\S+ \S*@\S+\.\S+", contact):
        raise ValueError(
            f"EDGAR wants to know who asks: a name and an e-mail address; found {contact!r}. "
            'Say `--contact "Your Name you@example.com"`, or set KIT_EDGAR_CONTACT.'
        )
    return {"User-Agent": contact}


def ownership(submission: str) -> str:
    """Return the ownership document of a submission, canonical and without addresses; ValueError if none.

    Canonical XML has no declaration and no blanks between elements: copies become the same bytes.
    """
    document = re.search(r"<ownershipDocument>.*?</ownershipDocument>", submission, re.DOTALL)
    if not document:
        raise ValueError("no ownership document in it")
    return ADDRESS.sub(r"\1[removed]\3", ElementTree.canonicalize(document[0], strip_text=True)) + "\n"


if __name__ == "__main__":
    app()
