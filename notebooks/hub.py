"""What dspy-hub 0.1.4 lacks: an evaluation card, hashes that are compared, names that stay in their folder.

    package = hub.package("triage", program, card)
    dspy_hub.save_to_hub("triage", package, {"version": "1.0.0", "description": "..."}, registry=url)
    package = hub.fetch("workshop/triage", registry=url, sha256="9f0c...")

Programs travel as JSON, without a model. dspy-hub's own `save_program_to_hub` sends a pickle, which runs code
when it is loaded and holds the API key of a pinned model; its manifest holds that of the configured one.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from card import Card
from dspy_hub.hub import HubFile, HubPackage
from dspy_hub.repository import PackageRepository

from kit.engines.direct import reach_directly
from kit.redaction import hide

if TYPE_CHECKING:
    import dspy

PROGRAM, CARD = "program.json", "card.json"
_NAME = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
_TEXT = (".json", ".md", ".txt")


class Refused(ValueError):
    """A name, a file or a program that must not be published or installed."""


def package(name: str, program: dspy.Module, card: Card) -> HubPackage:
    """Pack a program's state and its card for `dspy_hub.save_to_hub`.

    Raises:
        Refused: If the name is not allowed, a part of the program has a model of its own, or the state holds
            a key.
    """
    check_name(name)
    for part, predictor in program.named_predictors():
        if predictor.lm is not None:
            raise Refused(
                f"{part!r} is pinned to {predictor.lm.model}; its address and headers would be published. "
                "Unpin it with `program.set_lm(None)`: the card says which model was measured."
            )
    with TemporaryDirectory() as folder:
        program.save(Path(folder, PROGRAM))
        state = Path(folder, PROGRAM).read_bytes()
    contents = {PROGRAM: state, CARD: card.to_json()}
    for target, content in contents.items():
        if hide(content.decode()) != content.decode():
            raise Refused(f"{target} would publish a key or a password. Look into instructions and demos.")
    files = [
        HubFile(f"packages/{name}/{target}", target, text, _hash(text)) for target, text in contents.items()
    ]
    metadata = {**json.loads(state)["metadata"], "lm": {"model": card.model}}
    return HubPackage(name, {"name": name, "metadata": metadata, "hash": digest(files)}, files)


def fetch(
    identifier: str, *, registry: str, version: str | None = None, sha256: str | None = None
) -> HubPackage:
    """Download a package, and compare each file with the hash that the registry's index gives for it.

    Args:
        identifier: "author/name".
        registry: Where the index lies: a URL or a path.
        version: By default the latest.
        sha256: The `digest` of the package that you reviewed. Anyone who can change a registry's files can
            change its index as well; this number they cannot change.

    Raises:
        Refused: If a name, a path, a hash or a file is not what it should be.
        dspy_hub.exceptions.RegistryError: If the registry cannot be read, or has no such package.
    """
    for part in _two_names(identifier) + ((version,) if version else ()):
        check_name(part)
    reach_directly()
    repository = PackageRepository(registry)
    entry = repository.get_package(f"{identifier}/{version}" if version else identifier)
    files = [_download(repository, spec) for spec in entry.files]
    found = digest(files)
    if sha256 is not None and found != sha256:
        raise Refused(
            f"{identifier} {entry.version} is not what you reviewed: sha256 {found}, not {sha256}. "
            "Ask its author what changed, and review it again."
        )
    return HubPackage(identifier, {**entry.raw, "hash": found}, files)


def card(package: HubPackage) -> Card:
    """Read the evaluation card that a package brings.

    Raises:
        Refused: If it brings none, or one that does not read as a card.
    """
    if CARD not in package.file_map():
        raise Refused(f"{package.identifier} has no {CARD}: nobody says how good it is, so measure first.")
    try:
        return Card.from_json(package.file_map()[CARD].content)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{package.identifier} has a {CARD} that is no evaluation card: {error!r}.") from error


def install(package: HubPackage, folder: Path) -> Path:
    """Write a fetched package's files into folder/author/name, and return that place."""
    place = Path(folder).joinpath(*_two_names(package.identifier))
    for file in package.files:
        check(file, file.sha256)
        target = place / file.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    return place


def digest(files: list[HubFile]) -> str:
    """Return one sha256 for all files of a package; dspy-hub calls it the package's hash."""
    return _hash("::".join(file.sha256 for file in files).encode())


def check(file: HubFile, sha256: str | None) -> None:
    """Refuse a file whose path leaves its folder, whose hash differs, or that is no text, e.g. a pickle."""
    for part in file.target.split("/"):
        check_name(part)
    if _hash(file.content) != sha256:
        raise Refused(
            f"{file.target} has sha256 {_hash(file.content)}, and the registry says {sha256}: it was damaged "
            "or tampered with. Do not load it; tell the registry's owner."
        )
    if not file.target.endswith(_TEXT) or not _is_text(file.content):
        raise Refused(
            f"{file.target} is no {' or '.join(_TEXT)} file. A pickle or an archive can run code when it is "
            "loaded: ask its author for the state, as `program.save('program.json')` writes it."
        )


def check_name(name: str) -> None:
    """Refuse a name that is not letters and digits, joined by `.`, `_` or `-`; so not `../x`.

    >>> check_name("people-extractor")
    """
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name: use letters and digits, joined by a single `.`, `_` or `-`.")


def _two_names(identifier: str) -> tuple[str, str]:
    author, slash, name = identifier.partition("/")
    if not slash:
        raise Refused(f"{identifier!r} is not of the form 'author/name'.")
    check_name(author)
    check_name(name)
    return author, name


def _download(repository: PackageRepository, spec: Any) -> HubFile:
    if not isinstance(spec, dict):
        raise Refused(f"The index lists {spec!r}, and not a file with its source, target and sha256.")
    source = str(spec.get("source", ""))
    for part in source.split("/"):
        check_name(part)
    content = repository.fetch_bytes(source)
    file = HubFile(source, str(spec.get("target") or source.rpartition("/")[2]), content, _hash(content))
    check(file, spec.get("sha256"))
    return file


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
